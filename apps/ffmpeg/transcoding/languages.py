"""Languages of tracks: the same one is written in three ways."""

import re

_WORD = re.compile(r"^[a-z]{2,3}(?=$|[-_])")

_SAME = (
    "ar ara", "bg bul", "bn ben", "bo tib bod", "bs bos", "ca cat", "cs cze ces", "cy wel cym",
    "da dan", "de ger deu", "el gre ell", "en eng", "es spa", "et est", "eu baq eus",
    "fa per fas", "fi fin", "fr fre fra", "ga gle", "gl glg", "he heb", "hi hin", "hr hrv",
    "hu hun", "hy arm hye", "id ind", "is ice isl", "it ita", "ja jpn", "ka geo kat", "kk kaz",
    "ko kor", "lt lit", "lv lav", "mi mao mri", "mk mac mkd", "ml mal", "mn mon", "ms may msa",
    "my bur mya", "nb nob", "nl dut nld", "nn nno", "no nor", "pl pol", "pt por", "ro rum ron",
    "ru rus", "sk slo slk", "sl slv", "sq alb sqi", "sr srp", "sv swe", "ta tam", "te tel",
    "th tha", "tr tur", "uk ukr", "ur urd", "vi vie", "zh chi zho",
)  # fmt: skip
_CODE = {word: words.split()[-1] for words in _SAME for word in words.split()}


def code(language: object) -> str:
    """The ISO 639-2 code (terminological) of ``de``, ``ger``, ``deu`` or ``de-AT``.

    Words that aren't codes come to nothing: they are from files, and go into names.
    """
    if not isinstance(language, str):
        return ""
    found = _WORD.match(language.strip().lower()[:20])
    if not found or found[0] in ("und", "mul", "zxx"):
        return ""
    return _CODE.get(found[0], found[0])
