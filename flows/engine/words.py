"""The choices that the engine itself offers. Keys are stored; labels are shown, in the languages that the product ships."""

from datetime import UTC, datetime

from flows.model import Choice, DocumentItem, Wording

APPROVE = Choice("approve", Wording({"en": "Approve", "hi": "मंज़ूर"}))
REJECT = Choice("reject", Wording({"en": "Reject", "hi": "नामंज़ूर"}))
SEND_BACK = Choice("send_back", Wording({"en": "Send back", "hi": "वापस भेजें"}))
SUBMIT = Choice("submit", Wording({"en": "Submit", "hi": "जमा करें"}))
YES = Choice("yes", Wording({"en": "Yes", "hi": "हाँ"}))
NO = Choice("no", Wording({"en": "No", "hi": "नहीं"}))
SKIP = Choice("skip", Wording({"en": "Skip", "hi": "छोड़ें"}))
RETRY = Choice("retry", Wording({"en": "Try again", "hi": "फिर कोशिश करें"}))
CANCEL = Choice("cancel", Wording({"en": "Cancel request", "hi": "अनुरोध रद्द करें"}))
UNDO = Choice("undo", Wording({"en": "Undo", "hi": "वापस लें"}))
CONFIRM = Choice("confirm", Wording({"en": "Confirm", "hi": "पुष्टि करें"}))
DIFFERS = Choice("differs", Wording({"en": "Does not match", "hi": "मेल नहीं खाता"}))
# With a hyphen: no outcome of a flow file can be called so.
CLAIM = Choice("claim-it", Wording({"en": "I'll take it", "hi": "मुझे दीजिए"}))
TAKE = Choice("take-over", Wording({"en": "I take it", "hi": "स्वीकार है"}))
DECLINE = Choice("turn-down", Wording({"en": "Decline", "hi": "मना करें"}))
REASSIGN = Choice("re-assign", Wording({"en": "Reassign", "hi": "दूसरे को दें"}))
ACCEPT_ALL = Choice("accept-all", Wording({"en": "Accept all", "hi": "सब स्वीकार"}))
REJECT_ONE = Choice("reject-one", Wording({"en": "Reject one", "hi": "एक नामंज़ूर"}))
MORE_TIMES = Choice("more-times", Wording({"en": "More times", "hi": "और समय"}))
SLOT = "slot:"
"""What the choice begins with that takes a slot; its moment follows (ISO, UTC)."""
REJECT_ITEM = "reject:"
"""What the choice begins with that rejects one item of a checklist; its name follows."""
_REJECTING = Wording({"en": "Reject {title}", "hi": "{title} नामंज़ूर"})


def reject(item: DocumentItem) -> Choice:
    """`Reject Insurance`."""
    titles = item.title.by_language.items()
    return Choice(REJECT_ITEM + item.name, Wording({code: _REJECTING.text(code).format(title=title) for code, title in titles}))


def slot(at: datetime) -> Choice:
    """A slot to take; how it is shown depends on its reader's language, and on the business's zone: see the words for slots."""
    moment = at.astimezone(UTC).isoformat()
    return Choice(SLOT + moment, Wording({"en": moment}))
