"""What nobody could verify about Telegram, each as a switch, and the limits that were verified, each as a number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """One field per unverified fact; the default is the better attested or the stricter reading."""

    # Does the cloud answer 404 "Not Found" to a token that is not even id:hash, where the open server says 401?
    # Third-party live tests saw 404.
    malformed_token_is_404: bool = True
    # Does webhook delivery follow a redirect? The open server does not.
    webhook_follows_redirects: bool = False
    # Are 4096 and 1024 counted in UTF-16 units instead of code points?
    count_utf16: bool = False
    # Is a keyboard refused above 100 inline buttons or 8 in a row? Often quoted, in no primary source.
    limit_inline_buttons: bool = True
    # How long may a callback query be answered, in seconds (None: until its update expires, 150 s)?
    callback_answer_seconds: float | None = 15.0
    # May a file sent by URL be at most 5 MB (photo) or 20 MB (other)? False: the upload limits hold instead.
    limit_upload_by_url: bool = True
    # The text for an unknown file_id in getFile varies; the other known one is "wrong file_id or the file is
    # temporarily unavailable".
    bad_file_id_text: str = "invalid file_id"
    # Is callback_data "" a button without an action ("Text buttons are unallowed…"), as third-party live tests saw,
    # or BUTTON_DATA_INVALID?
    empty_callback_data_is_no_action: bool = False
    # Builds after 10.0 say "Text buttons are not allowed in the inline keyboard".
    newer_text_button_error: bool = False
    # Are edits charged to the rate windows? One measurement says no.
    edits_are_charged: bool = False
    # Sends to one chat: "about one a second, short bursts allowed", read here as a window of n sends in n seconds.
    chat_burst: int = 5


@dataclass
class Limits:
    """Verified numbers; a test may shrink them, the product may not rely on more."""

    per_second: int = 30
    paid_per_second: int = 1000
    group_per_minute: int = 20
    hold_seconds: float = 8.0  # flood waits up to this are answered 200, late
    text: int = 4096
    text_bytes: int = 32768
    caption: int = 1024
    callback_data_bytes: int = 64
    photo_bytes: int = 10 << 20
    upload_bytes: int = 50 << 20
    download_bytes: int = 20 << 20
    url_photo_bytes: int = 5 << 20
    url_file_bytes: int = 20 << 20
    file_link_seconds: float = 3600.0
    delete_seconds: float = 48 * 3600.0
    update_seconds: float = 86400.0
    callback_update_seconds: float = 150.0
    updates_bytes: int = 4 << 20
    big_upload_bytes: int = 100_000
    unsent_per_chat: int = 310
