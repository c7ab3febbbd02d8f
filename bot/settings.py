"""Settings from the environment or `.env`; a wrong or missing one stops the start with one line that names it."""

import re
from typing import Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO_KEY = "Y2h1bW51b3ktZGVtby1rZXktbmV2ZXItZm9yLXJlYWw="
"""Seals the demo's data; refused outside demo mode."""


class SettingsError(Exception):
    """A setting is wrong or missing."""


class Settings(BaseSettings):
    """Every setting, by the name of its environment variable in lower case."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", str_strip_whitespace=True)

    database_url: str = ""
    secret_keys: str = ""
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    files_url: str = ""
    demo: bool = False
    phone: bool | None = None
    telegram_token: str = ""
    telegram_api_url: str = "https://api.telegram.org"
    telegram_webhook_secret: str = ""
    telegram_rate: int = Field(default=28, ge=1, le=1000)
    messenger_page_token: str = ""
    messenger_page_id: str = ""
    messenger_app_secret: str = ""
    messenger_verify_token: str = ""
    messenger_api_url: str = "https://graph.facebook.com"
    messenger_rate: int = Field(default=35, ge=1, le=40)
    log_format: Literal["text", "json"] = "text"

    @field_validator("public_url", "telegram_api_url", "messenger_api_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("must be an http or https address")
        return value.rstrip("/")

    @field_validator("telegram_token")
    @classmethod
    def _a_token(cls, value: str) -> str:
        if value and not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", value):
            raise ValueError("must look like 123456:ABC-def, as BotFather gave it")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _a_secret(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", value):
            raise ValueError("Telegram takes 1 to 256 characters of A-Z, a-z, 0-9, _ and -")
        return value

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        if self.demo:
            self.database_url = self.database_url or "sqlite:///var/chumnuoy.sqlite"
            self.secret_keys = self.secret_keys or DEMO_KEY
            self.files_url = self.files_url or "var/files"
        if not self.database_url:
            raise ValueError("DATABASE_URL: missing; it is sqlite:///path or postgresql://user:password@host/name")
        if not self.database_url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("DATABASE_URL: must be sqlite:///path or postgresql://…")
        if not self.secret_keys:
            raise ValueError("SECRET_KEYS: missing; make one with `chumnuoy doctor --new-key`")
        for key in self.keys:
            try:
                Fernet(key)
            except ValueError as error:
                raise ValueError("SECRET_KEYS: each must be a Fernet key of 44 characters") from error
        if not self.demo and DEMO_KEY in self.keys:
            raise ValueError("SECRET_KEYS: the demo's key is public; make your own with `chumnuoy doctor --new-key`")
        if not self.files_url:
            raise ValueError("FILES_URL: missing; a folder, or an fsspec address such as s3://bucket/folder")
        if self.telegram_token and self.public_url and not self.telegram_webhook_secret:
            raise ValueError("TELEGRAM_WEBHOOK_SECRET: missing; a webhook without a secret takes anybody's word")
        messenger = {
            "MESSENGER_PAGE_TOKEN": self.messenger_page_token,
            "MESSENGER_PAGE_ID": self.messenger_page_id,
            "MESSENGER_APP_SECRET": self.messenger_app_secret,
            "MESSENGER_VERIFY_TOKEN": self.messenger_verify_token,
        }
        for name, value in messenger.items():
            if any(messenger.values()) and not value:
                raise ValueError(f"{name}: missing; Messenger needs all four of {', '.join(messenger)}")
        return self

    @property
    def keys(self) -> list[str]:
        return [key.strip() for key in self.secret_keys.split(",") if key.strip()]

    @property
    def phone_on(self) -> bool:
        """The phone page is for demos; anybody could write through it, so elsewhere it is off unless asked for."""
        return self.demo if self.phone is None else self.phone


def load(**overrides: object) -> Settings:
    """The settings; raises SettingsError with one line."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        message = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}: {message}" if name else message) from None
