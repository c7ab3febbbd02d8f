"""x"""
from datetime import timedelta
from tests.console.desk import *
async def test_smoke(desk: Desk, browser: Browser) -> None:
    a = desk.complain()
    page = await browser.get("/console/complaints")
    assert page.references()==[a], page.text
    page = await browser.get(f"/console/complaints/{a}")
    assert page.status==200
    r = await browser.reply(a, "hello")
    assert r.status==303, r.text
