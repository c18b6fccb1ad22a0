"""Currencies: the ISO 4217 codes in use, and the signs and words that people write for some of them."""

from __future__ import annotations

_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
    CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR
    ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
    SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
"""
CURRENCIES = frozenset(_CODES.split())

_RUPEES = frozenset({"INR", "PKR", "LKR", "NPR", "MUR", "SCR"})
_DOLLARS = frozenset({"USD", "AUD", "CAD", "SGD", "HKD", "NZD", "TWD", "FJD", "JMD", "BBD", "NAD"})

# A sign may stand for several currencies: the field says which of them is meant.
SIGNS: dict[str, frozenset[str]] = {
    "₹": frozenset({"INR"}),
    "rs": _RUPEES,
    "rupee": _RUPEES,
    "rupees": _RUPEES,
    "रु": _RUPEES,
    "रुपये": _RUPEES,
    "रुपए": _RUPEES,
    "$": _DOLLARS,
    "us$": frozenset({"USD"}),
    "dollar": _DOLLARS,
    "dollars": _DOLLARS,
    "€": frozenset({"EUR"}),
    "euro": frozenset({"EUR"}),
    "euros": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "pounds": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "dhs": frozenset({"AED"}),
} | {code.casefold(): frozenset({code}) for code in CURRENCIES}
