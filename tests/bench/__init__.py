"""How fast the service is, beside bots written plainly with aiogram and with python-telegram-bot; `make bench`."""
