"""The choices that the engine itself offers. Keys are stored; labels are shown, in the languages that the product ships."""

from flows.model import Choice, Wording

APPROVE = Choice("approve", Wording({"en": "Approve", "hi": "मंज़ूर"}))
REJECT = Choice("reject", Wording({"en": "Reject", "hi": "नामंज़ूर"}))
SEND_BACK = Choice("send_back", Wording({"en": "Send back", "hi": "वापस भेजें"}))
SUBMIT = Choice("submit", Wording({"en": "Submit", "hi": "जमा करें"}))
YES = Choice("yes", Wording({"en": "Yes", "hi": "हाँ"}))
NO = Choice("no", Wording({"en": "No", "hi": "नहीं"}))
SKIP = Choice("skip", Wording({"en": "Skip", "hi": "छोड़ें"}))
RETRY = Choice("retry", Wording({"en": "Try again", "hi": "फिर कोशिश करें"}))
CANCEL = Choice("cancel", Wording({"en": "Cancel request", "hi": "अनुरोध रद्द करें"}))
