"""The conversations; FLOWS is the list, in the order their words are tried."""

from bot.dialog.flow import Flow
from bot.dialog.router import Router
from handlers.complaint import complaint
from handlers.discreet import discreet
from handlers.erase import erase
from handlers.follow import follow
from handlers.help import help_page
from handlers.menu import menu
from handlers.officer import officer
from handlers.person import person
from handlers.sos import sos
from handlers.welcome import language, welcome

FLOWS: tuple[Flow, ...] = (menu, welcome, language, sos, complaint, follow, person, help_page, discreet, erase, officer)
ROUTER = Router(FLOWS)
