"""One switch per fact nobody could verify about the platform, and the platform's limits as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Switches:
    """Each field is one unverified row of the fact tables (or two sources disagree); the default is our best guess.

    The row "v26 out-of-cycle removals" has no switch: nobody could read which five behaviours are removed.
    """

    # Versions: v27 has not been seen. True: /v27.0/ is served like /v26.0/.
    v27_exists: bool = False
    # Batch: does each inner call count against the rate limits, or the batch once?
    batch_counts_each: bool = True
    # Errors: HTTP status of code 190 (400 or 401).
    status_190: int = 400
    # Errors: HTTP status of the rate codes 4, 17, 32, 613 (400, 403 or 429).
    status_rate: int = 400
    # Errors: HTTP status of code 10 (403 has been reported).
    status_10: int = 400
    # Errors: "Temporary send message failure" is 1200 in older documents, 2 in today's.
    temporary_failure_code: int = 2
    # Signed calls: text of a missing or wrong appsecret_proof (code 100).
    appsecret_proof_text: str = "Invalid appsecret_proof provided in the API argument"
    # Echo: app id of what staff write in the Page inbox (documents: 26390203743090; reported: 263902037430900).
    page_inbox_app_id: int = 26390203743090
    # Blocked person: 551/1545041 and 200/1545041 are both listed; the error page says code 2 can also mean blocked.
    blocked_as: Literal["551/1545041", "551", "200/1545041", "2"] = "551/1545041"
    # Closed window: the send-messages page calls 1545041 "window closed", the error page 10/2018278.
    closed_window_as: Literal["10/2018278", "551/1545041"] = "10/2018278"
    # HUMAN_AGENT while the feature is not granted: the window error, or a bare permission error.
    human_agent_not_granted_as: Literal["10/2018278", "10"] = "10/2018278"
    # Thread owned by another app: the error page lists 2018300 alone; a captured answer has it as subcode of 10.
    thread_owner_as: Literal["10/2018300", "2018300"] = "10/2018300"
    # Calls per second exceeded: which of the rate errors.
    rate_as: Literal["613/2534040", "613", "4"] = "613/2534040"
    # 200 x engaged users in 24 h exceeded: which of the rate errors.
    quota_as: Literal["4", "613/2534040", "613"] = "4"
    # Above 40 messages a second for long: the Page is restricted, or only slowed down.
    high_volume_as: Literal["10/1893063", "613"] = "10/1893063"
    # Messenger Profile API, 10 calls in 10 minutes exceeded: which code.
    profile_rate_as: Literal["613", "4", "32"] = "613"
    # Lengths and counts other than text > 2000: the text naming the parameter, or a bare "Invalid parameter".
    limit_text: Literal["named", "bare"] = "named"
    # Quick-reply titles above 20 characters: refused, or cut.
    long_quick_reply_title: Literal["reject", "truncate"] = "reject"
    # Neither text nor attachment: the text (code 100).
    empty_message_text: str = "(#100) Message cannot be empty, must provide valid attachment or text"
    # Both text and attachment: the text (code 100).
    text_and_attachment_text: str = "(#100) Cannot send both text and attachment in one message"
    # messaging_type is "required" in the documents; older clients left it out and were served.
    messaging_type_required: bool = True
    # A phone-only account has no profile: subcode 2018218, outer code not known.
    phone_only_code: int = 100
    # One-Time Notification: still in the documents, maintained or not.
    one_time_notification: bool = False
    # Utility messages: is this Page (Cambodia) eligible at all?
    utility_eligible: bool = True
    # Utility payload: documents say message.template, a production user sends attachment.type=template.
    utility_shape: Literal["both", "template", "attachment"] = "both"
    # Locales: is km_KH accepted in the Messenger profile? (the readable lists do not have it)
    km_kh_locale: bool = False
    # Click-to-Messenger ad: the first message "may give up to 7 days".
    ad_window_days: int = 1
    # Persistent menu: a Page-level change is shown to people after this many seconds ("up to 24 h").
    menu_change_takes: float = 0.0
    # Utility templates: seconds from creation to approval ("auto-approval in seconds"); 0 answers APPROVED at once.
    template_review_takes: float = 0.0
    # Webhook: seconds to answer (5 today, 20 in the older FAQ).
    webhook_budget: float = 5.0
    # Webhook: is "/" written as "\/"?
    escape_slashes: bool = True
    # Webhook: are `mids` in delivery events?
    delivery_mids: Literal["always", "sometimes", "never"] = "sometimes"
    # Webhook: our own sends come back as echoes (when message_echoes is subscribed).
    echoes: bool = True


@dataclass
class Limits:
    """Numbers the platform enforces; None switches one off."""

    calls_per_second: int | None = 300
    media_per_second: int | None = 10
    high_volume_per_second: int | None = 40
    high_volume_seconds: float = 10.0
    daily_per_engaged: int | None = 200
    profile_calls: int | None = 10
    profile_seconds: float = 600.0
    per_thread_per_second: int | None = None

    @classmethod
    def none(cls) -> Limits:
        """No rate limit at all, for benchmarks."""
        return cls(None, None, None, 10.0, None, None, 600.0, None)
