import sqlalchemy, pytest
@pytest.mark.parametrize("n",range(3))
def test_a(database_url, n):
    e=sqlalchemy.create_engine(database_url)
    with e.begin() as c:
        c.execute(sqlalchemy.text("insert into t values (1)"))
        assert c.execute(sqlalchemy.text("select count(*) from t")).scalar()==1
    e.dispose()
