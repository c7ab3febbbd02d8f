"""Every error the Graph API answers with: code, subcode, exact text, HTTP status."""

from __future__ import annotations

from typing import Any

from .switches import Switches

RATE_CODES = frozenset({4, 17, 32, 613})
OUTSIDE_WINDOW = (
    "(#10) This message is sent outside of allowed window. Learn more about the new policy here: "
    "https://developers.facebook.com/docs/messenger-platform/policy-overview"
)

TEXTS: dict[tuple[int, int | None], str] = {
    (1, None): "An unknown error occurred",
    (1, 99): "An unknown error occurred.",
    (2, None): "An unexpected error has occurred. Please retry your request later.",
    (4, None): "(#4) Application request limit reached",
    (10, None): "(#10) Application does not have permission for this action",
    (
        10,
        2018065,
    ): "(#10) This message is sent outside of allowed window. You need News Messaging permission to be able to do it.",
    (10, 2018108): "(#10) They can't receive your messages right now.",
    (10, 2018278): OUTSIDE_WINDOW,
    (10, 2018300): "(#10) Message failed to send because another app is controlling this thread now.",
    (10, 2534022): "(#10) This message is sent outside of allowed window.",
    (10, 1893063): "(#10) You are temporarily restricted from sending messages.",
    (17, None): "(#17) User request limit reached",
    (32, None): "(#32) Page request limit reached",
    (100, 33): "Unsupported get request. Object with ID does not exist, cannot be loaded due to missing permissions, "
    "or does not support this operation.",
    (100, 1893061): "Invalid parameter",
    (100, 2018001): "(#100) No matching user found",
    (
        100,
        2018008,
    ): "(#100) Failed to fetch the file from the url. Check that the URL is valid, with a valid SSL certificate, "
    "valid file size, and that the server is responding fast enough to avoid timeouts.",
    (100, 2018014): "(#100) Cannot send both message and state at the same time.",
    (100, 2018015): "(#100) Must send either message or state",
    (
        100,
        2018047,
    ): "(#100) Upload attachment failure. A common way to trigger this error is that the provided media type "
    "does not match type of file provided int the URL.",
    (100, 2018074): "(#100) Possible invalid ID or you do not own the attachment.",
    (100, 2018109): "(#100) Attachment size exceeds allowable limit",
    (100, 2018218): "(#100) No profile available for this user.",
    (100, 2018294): "(#100) Video upload timed out or video is corrupted.",
    (190, None): "Invalid OAuth access token.",
    (200, None): "(#200) Cannot message users who are not admins, developers or testers of the app until "
    "pages_messaging permission is reviewed and the app is live.",
    (200, 1545041): "(#200) This person isn't available right now.",
    (200, 2018028): "(#200) Cannot message users who are not admins, developers or testers of the app until "
    "pages_messaging permission is reviewed and the app is live.",
    (551, None): "(#551) This person isn't available right now.",
    (551, 1545041): "(#551) This person isn't available right now.",
    (613, None): "(#613) Calls to this api have exceeded the rate limit.",
    (
        613,
        2018338,
    ): "(#613) Warning! You are engaging in behavior that may be considered bothersome or abusive by users.",
    (613, 2534040): "(#613) Calls to this api have exceeded the rate limit.",
    (1200, None): "(#1200) Temporary send message failure. Please try again later.",
    (80006, None): "(#80006) There have been too many calls for this messenger account. Wait a bit and try again.",
    (2018218, None): "No profile available for this user.",
    (2018247, None): "Insufficient permission to access user profile.",
    (2018300, None): "Message failed to send because another app is controlling this thread now.",
    (2018321, None): "The chat is currently controlled by Messenger while the user is in an automated question and "
    "answer flow. Please wait for the flow to finish before trying again.",
}


class GraphError(Exception):
    """The Graph API refused the call."""

    def __init__(
        self,
        code: int | None,
        message: str | None = None,
        subcode: int | None = None,
        *,
        status: int | None = None,
        kind: str = "OAuthException",
    ) -> None:
        known = TEXTS.get((code, subcode)) or TEXTS.get((code, None)) if code is not None else None
        self.message = message if message is not None else known or f"(#{code}) Error"
        super().__init__(self.message)
        self.code = code
        self.subcode = subcode
        self.status = status
        self.kind = kind

    def body(self, trace: str) -> dict[str, Any]:
        """The JSON answer; the batch exception is the one kind captured without a code."""
        inner: dict[str, Any] = {"message": self.message, "type": self.kind}
        if self.code is not None:
            inner["code"] = self.code
        if self.subcode is not None:
            inner["error_subcode"] = self.subcode
        inner["fbtrace_id"] = trace
        return {"error": inner}

    def http_status(self, switches: Switches) -> int:
        """400 unless a switch says otherwise."""
        if self.status is not None:
            return self.status
        if self.code == 190:
            return switches.status_190
        if self.code == 10:
            return switches.status_10
        if self.code in RATE_CODES:
            return switches.status_rate
        return 400


def coded(name: str) -> GraphError:
    """The error a switch names as "code/subcode" or "code"."""
    code, _, subcode = name.partition("/")
    return GraphError(int(code), subcode=int(subcode) if subcode else None)


def required(param: str) -> GraphError:
    """A parameter that must be there is not."""
    return GraphError(100, f"(#100) The parameter {param} is required")


def invalid(message: str, subcode: int | None = None) -> GraphError:
    """Code 100 with this text."""
    return GraphError(100, f"(#100) {message}", subcode)


def no_object(method: str, node: str) -> GraphError:
    """The id in the address is nobody this Page knows."""
    text = (
        f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation"
    )
    return GraphError(100, text, 33, kind="GraphMethodException")
