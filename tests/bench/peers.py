"""Two plain bots with three steps, as their libraries' examples have them: `python -m tests.bench.peers NAME PORT API`.

`aiogram`: its finite-state machine in memory, so nothing is durable. `ptb`: python-telegram-bot's ConversationHandler
with PicklePersistence written after each update, which is as durable as it gets there.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

TOKEN = "7000000001:AAChumnuoyEmulatorTokenForTestsOnly"
WHO, WHAT, THANKS = "តើអ្នកឈ្មោះអ្វី?", "តើមានរឿងអ្វីកើតឡើង?", "អរគុណ។ យើងបានទទួលហើយ។"


async def serve(app: web.Application, port: int) -> None:
    app.router.add_get("/readyz", ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


async def ready(_request: web.Request) -> web.Response:
    return web.Response()


async def aiogram_bot(port: int, api: str) -> None:
    from aiogram import Bot, Dispatcher, F
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.filters import CommandStart
    from aiogram.fsm.context import FSMContext
    from aiogram.fsm.state import State, StatesGroup
    from aiogram.types import Message
    from aiogram.webhook.aiohttp_server import SimpleRequestHandler

    class Complaint(StatesGroup):
        name = State()
        story = State()

    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def start(message: Message, state: FSMContext) -> None:
        await state.set_state(Complaint.name)
        await message.answer(WHO)

    @dispatcher.message(Complaint.name, F.text)
    async def name(message: Message, state: FSMContext) -> None:
        await state.update_data(name=message.text)
        await state.set_state(Complaint.story)
        await message.answer(WHAT)

    @dispatcher.message(Complaint.story, F.text)
    async def story(message: Message, state: FSMContext) -> None:
        await state.update_data(story=message.text)
        await state.clear()
        await message.answer(THANKS)

    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api)))
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False).register(app, path="/webhooks/telegram")
    await serve(app, port)


async def ptb_bot(port: int, api: str) -> None:
    from telegram import Update
    from telegram.ext import (
        Application,
        CommandHandler,
        ContextTypes,
        ConversationHandler,
        MessageHandler,
        PicklePersistence,
        filters,
    )

    async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        await update.message.reply_text(WHO)  # type: ignore[union-attr]  # a text always has its message
        return 1

    async def name(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        context.user_data["name"] = update.message.text  # type: ignore[index,union-attr]
        await update.message.reply_text(WHAT)  # type: ignore[union-attr]
        return 2

    async def story(update: Update, context: ContextTypes.DEFAULT_TYPE) -> int:
        context.user_data["story"] = update.message.text  # type: ignore[index,union-attr]
        await update.message.reply_text(THANKS)  # type: ignore[union-attr]
        return ConversationHandler.END

    with TemporaryDirectory() as folder:
        kept = PicklePersistence(Path(folder) / "bot.pickle", update_interval=3600)
        application = Application.builder().token(TOKEN).base_url(f"{api}/bot").persistence(kept).updater(None).build()
        text = filters.TEXT & ~filters.COMMAND
        states = {1: [MessageHandler(text, name)], 2: [MessageHandler(text, story)]}
        application.add_handler(
            ConversationHandler([CommandHandler("start", start)], states, [], name="complaint", persistent=True)  # type: ignore[arg-type]
        )
        await application.initialize()

        async def hear(request: web.Request) -> web.Response:
            update = Update.de_json(json.loads(await request.read()), application.bot)
            await application.process_update(update)
            await application.update_persistence()
            await kept.flush()
            return web.Response()

        app = web.Application()
        app.router.add_post("/webhooks/telegram", hear)
        await serve(app, port)


if __name__ == "__main__":
    import uvloop

    uvloop.run({"aiogram": aiogram_bot, "ptb": ptb_bot}[sys.argv[1]](int(sys.argv[2]), sys.argv[3]))
