"""Cleans typography that can't be spoken: capitals, repeated marks, dashes, slashes, brackets."""
# ruff: noqa: RUF001  (dashes are intended)

from __future__ import annotations

import re

from pipelines.stories.text.rules.rule import Rule, capitalised, swap, words

_ACRONYMS = words(
    "USA UK EU UN FBI CIA NASA FDA IRS CEO CFO CTO HR ER ICU TV DVD CD PC DNA RNA HIV AIDS ADHD "
    "PTSD OCD BPD IVF LSD MDMA ATM DJ FCC NFL NBA NHL MLB UFC WWE BBC CNN NYC LA DC ID OK CPS DUI "
    "DWI EMT GPS SUV VIP PDF USB CPR RIP DIY LGBT LGBTQ COVID NAACP UNICEF NATO NASCAR AITA AITAH "
    "WIBTA WIBTAH TIFU YTA NTA ESH MIL FIL SIL BIL IQ GPA MBA PHD RN MRI TSA NYPD LAPD LAX JFK "
    "HVAC IKEA BMW KFC UPS FBA AI API CO2 II III IV VI VII VIII IX XI XII AMA MRSA HOA NSFW STEM "
    "ASMR POS WWII"
)
"""Always kept in capitals."""

_COMMON = words(
    "A ABOUT AFTER AGAIN ALIVE ALL ALSO ALWAYS AM AN AND ANY ANYONE ARE AS ASK AT AWAY BABY BACK "
    "BAD BE BED BEEN BEST BIG BOTH BOY BUT BY CALL CAME CAN CAR CAT COME DAD DAY DID DIE DO DOES "
    "DOG DONE DOOR DOWN EACH EAT END ENTIRE EVEN EVER EVERY FACE FAR FAT FEEL FEW FIND FIRE FIVE "
    "FOOD FOR FOUR FREE FROM FULL FUN GAME GAVE GET GIRL GIVE GO GOD GONE GOOD GOT GUY HAD HALF "
    "HAND HARD HAS HATE HAVE HE HEAD HEAR HELL HELP HER HERE HEY HIM HIS HIT HOLD HOME HOPE HOT "
    "HOUR HOUSE HOW HUGE I IF IN INTO IS IT ITS JOB JUST KEEP KEY KID KIDS KILL KIND KNEW KNOW "
    "LAST LATE LEFT LESS LET LIE LIED LIFE LIKE LIVE LONG LOOK LOST LOT LOVE MAD MADE MAKE MAN "
    "MANY MAY ME MEAN MEN MOM MORE MOST MUCH MUST MY NAME NEED NEVER NEW NEXT NICE NIGHT NINE NO "
    "NOBODY NONE NOT NOTE RED NEWS NOTHING NOW OF OFF OH OLD ON ONCE ONE ONLY OR OTHER OUR OUT "
    "OVER OWN PAID PART PAST PAY PLAY REAL REALLY RIGHT RUN SAD SAID SAME SAW SAY SEE SELF SENT "
    "SHE SHOT SHOW SICK SIT SIX SO SOME SON SOON STAY STILL STOP SUCH SURE TAKE TALK TELL TEN "
    "THAN THAT THE THEIR THEM THEN THERE THESE THEY THING THINK THIS THOSE THREE TIME TO TOLD TOO "
    "TOOK TRY TWO UP USE USED VERY WAIT WALK WANT WAS WAY WE WEEK WELL WENT WERE WHAT WHEN WHERE "
    "WHO WHOLE WHY WIFE WILL WITH WON WORD WORK WORSE WORST WOULD WOW YEAR YEARS YELL YES YET YOU "
    "YOUR ZERO"
)
"""Short words that writers put in capitals; other short words in capitals count as acronyms."""

_LONGEST_ACRONYM = 4
_SHOUTED = 0.6
_CAPITAL_WORD = re.compile(r"(?<![\w'.&/-])[A-Z][A-Z']*[A-Z]+\b(?![&.]\w)|(?<![\w'])A(?= [A-Z]{2})")


def _calm_line(match: re.Match[str]) -> str:
    """A sentence with shouted words in lower case."""
    sentence = match[0]
    words = re.findall(r"[A-Za-z][A-Za-z']+", sentence)
    loud = [word for word in words if word.isupper() and word not in _ACRONYMS]
    shouted = len(loud) > 1 and len(loud) >= _SHOUTED * len(words)

    def calm(word: re.Match[str]) -> str:
        said = word[0]
        bare = said.removesuffix("'S")
        if bare in _ACRONYMS:
            return bare + said[len(bare) :].lower()
        if not shouted and bare not in _COMMON and not _is_long_word(bare):
            return said
        said = re.sub(r"^i(?='|$)", "I", said.lower())
        return capitalised(said) if word.start() == first else said

    first = next((index for index, char in enumerate(sentence) if char.isalpha()), 0)
    return _CAPITAL_WORD.sub(calm, sentence)


def _is_long_word(word: str) -> bool:
    plain = word.replace("'", "")
    return "'" in word or (
        len(plain) > _LONGEST_ACRONYM and re.search("[AEIOUY]", plain) is not None
    )


def _slash(match: re.Match[str]) -> str:
    words = match[0].split("/")
    if [word.lower() for word in words] == ["and", "or"]:
        return "and or"
    words = [word.strip() for word in words]
    if any(len(word) == 1 for word in words):
        return " ".join(words)
    return " or ".join([", ".join(words[:-1]), words[-1]])


def _broken_off(match: re.Match[str]) -> str:
    """An interrupted quotation gets a comma if the sentence continues, else a full stop."""
    text, close = match.string, match["close"]
    if not match["more"] or text[match.start() - 1] in ".,!?;:":
        return close
    goes_on = not text[match.end() :].lstrip()[:1].isupper()
    return ("," if goes_on else ".") + close


_DASH = "[-–—―]"

CALM = Rule(
    "capitals",
    lambda text: re.sub(r"[^.!?\n]+[.!?]*", _calm_line, text),
    (
        ("MY WIFE LEFT ME. I was SO MAD", "My wife left me. I was so mad"),
        ("The FBI and the NFL called ME", "The FBI and the NFL called me"),
        ("AITA FOR LEAVING THE USA?", "AITA for leaving the USA?"),
        ("I'M FINE, SHE DIDN'T KNOW", "I'm fine, she didn't know"),
    ),
)

SIGNS: tuple[Rule, ...] = (
    swap("blank to fill in", r"_{3,}", "blank", ("I live in ____.", "I live in blank.")),
    swap(
        "and", r"(?<!\S)&(?!\S)|(?<=[a-z]) ?& ?(?=[a-z])", " and ", ("Tom & Ann", "Tom  and  Ann")
    ),
    swap("at", r"(?<!\S)@\s?(?=\d|\s|\w+\s)", "at ", ("3 sets @225", "3 sets at 225")),
)
"""Signs that stand for a word."""

ENGLISH: tuple[Rule, ...] = (
    swap("one or many", r"(?<=[a-z])\((?:e?s|ies)\)", "s", ("the kid(s)", "the kids")),
    swap("gap before a bracket", r"(?<=[a-z])\((?=[a-z])", " (", ("so(because", "so (because")),
    swap(
        "identifier",
        r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[a-z]*\d)(?=\d*[a-z])[0-9a-f]{16,}\b",
        "",
        ("id 9104ac55-078d-4a57-9521-c9c9bec850cb", "id "),
        flags=re.IGNORECASE,
    ),
    swap(
        "edit in brackets",
        r"[(\[]\s*(?:edit(?:ed)?|eta)\b\s*\d?\s*:?\s*(?:(?:fixed|typo|spelling|grammar|format)[^)\]\n]*[)\]])?",
        lambda match: "" if match[0][-1] in ")]" else "(update: ",
        ("He left (edit: typo) and (edit: she too)", "He left  and (update: she too)"),
        flags=re.IGNORECASE,
    ),
    swap(
        "word slash word",
        r"(?<![\w/.:])[A-Za-z][\w'-]*(?:\s?/\s?[A-Za-z][\w'-]*)+(?![\w/])",
        _slash,
        ("he/she and/or A/C", "he or she and or A C"),
    ),
    swap("leftover slash", r"(?<=\w)\s?/\s?(?=\w)", " or ", ("1st/2nd floor", "1st or 2nd floor")),
    swap(
        "stretched word",
        r"([a-z])\1{2,}",
        r"\1\1",
        ("sooooo goooood", "soo good"),
    ),
    swap(
        "gap between sentences",
        r"(?<=[a-z0-9]{2})([.!?][\"')]?)(?=[A-Z][a-z']|I\b|A )|(?<=[a-z]{2})(,)(?=[A-Za-z])",
        lambda match: f"{match[0]} ",
        ("I left.Then,later,home", "I left. Then, later, home"),
    ),
    swap(
        "starts with i",
        r"(?<![\w.'-])i(?=$|[\s,;!?]|'(?:m|ll|ve|d)\b)",
        "I",
        ("so i said i'm", "so I said I'm"),
    ),
)

NOTE = swap(
    "note in brackets",
    r"\[(?:deleted|removed|redacted|\d{1,2}|serious|sic)\]",
    "",
    ("He [deleted] it[1]", "He  it"),
    flags=re.IGNORECASE,
)

MARKS: tuple[Rule, ...] = (
    swap("arrow", r"\s*(?:(?<![-=])[-=]{1,4}>|[→⇒➔])\s*", ", ", ("in -> out", "in, out")),
    swap(
        "leftover signs",
        r"[*~\\^<>{}\[\]`]+|(?<!\w)_+|_+(?!\w)",
        "",
        ("**not [closed]_", "not closed"),
    ),
    swap("underscore", r"_+", " ", ("snake_case", "snake case")),
    swap(
        "leading plus",
        r"(?<!\S)\++(?=[A-Za-z])|(?<=[a-z])\++(?!\w)",
        "",
        ("+a million+", "a million"),
    ),
    swap("empty brackets", r"\([^\w()]*\)", "", ("so (…) it", "so  it")),
    swap("bar", r"\s*[|•·●▪]+\s*", ", ", ("a | b", "a, b")),
    swap("ellipses", r"\.{2,}|(?:\.\s){2,}\.", "...", ("so..... well. . .", "so... well...")),
    swap("ellipsis before", r"(?<!\S)\.\.\.\s?(?=\w)", "", ("...and then", "and then")),
    swap("ellipsis between", r"(?<=\w)\.\.\.(?=\w)", "... ", ("God...the end", "God... the end")),
    swap(
        "repeated marks",
        r"[!?][.!?]+|([,;:])\1+",
        lambda match: match[0][0],
        ("No!!! Why?!?! so,, what", "No! Why? so, what"),
    ),
    swap("dash that opens", rf"^\s*{_DASH}+\s*", "", ("- Yes", "Yes"), flags=re.MULTILINE),
    swap(
        "dash that closes", rf"\s*{_DASH}+\s*$", "", ("and then—", "and then"), flags=re.MULTILINE
    ),
    swap(
        "dash before a closing mark",
        rf"(?<=[^\s(\[\"'])[^\S\n]*{_DASH}+(?P<close>[\"')]+)(?=(?P<more>[^\S\n]+)\w|\W*(?:\s|$))",
        _broken_off,
        ('"Wait—" he said', '"Wait," he said'),
        ('"Wait -" He ran', '"Wait." He ran'),
        ('"Wait!—" and "wait—"', '"Wait!" and "wait"'),
        ('He ran—"...and hid"', 'He ran—"...and hid"'),
    ),
    swap(
        "dash behind an opening mark",
        rf"(?<![^\s(\[])(?P<open>[\"'(]){_DASH}+[^\S\n]*(?=\w)",
        r"\g<open>",
        ('"—and then', '"and then'),
    ),
    swap("dash after a mark", rf"(?<=[.,!?;:])\s*{_DASH}+\s+", " ", ("No. — Yes", "No. Yes")),
    swap(
        "dash",
        rf"[^\S\n]+{_DASH}+[^\S\n]+|[^\S\n]*[–—―]+[^\S\n]*|(?<=\w)--+(?=\w)|(?<=\w){_DASH}(?=\s)",
        ", ",
        ("He left — quietly - at night", "He left, quietly, at night"),
        ("a well-known man", "a well-known man"),
    ),
    swap("hyphen before a word", rf"(?<!\S){_DASH}+(?=\w)", "", ("by -Steve", "by Steve")),
    swap("space before a mark", r"[^\S\n]+(?=[,.!?;:](?!\w))", "", ("so , no ?", "so, no?")),
    swap(
        "marks that meet",
        r",(?:\s*,)+|,\s*(?=[.!?;:])|(?<=[.!?;:]),",
        lambda match: "," if match[0].count(",") > 1 and match[0][-1] == "," else "",
        ("one, , two,.", "one, two."),
    ),
    Rule(
        "speakable words",
        lambda text: "\n".join(map(speakable, text.split("\n"))),
        (
            ("She ( left ) - , !  now", "She left, now"),
            ('" Well " & go', '"Well" go'),
            ('"Well, " he said', '"Well," he said'),
            ('"Great -" he said', '"Great" he said'),
            ('He said "..." to me', "He said to me"),
        ),
    ),
)


def speakable(line: str) -> str:
    """The line with a letter or a digit in every word; lone marks are joined to their word.

    Of the lone marks, one comma or full stop is kept, and one quotation mark.
    """
    words: list[str] = []
    opening = ""
    for token in line.split():
        if any(char.isalnum() for char in token):
            words.append(opening + token)
            opening = ""
            continue
        quote = _lone_quote(token)
        closes = quote if quote and _is_open(words, quote) else ""
        mark = token.lstrip(closes)[:1] if closes else token[0]
        if words and not opening and mark and mark in ".,!?;:" and words[-1][-1].isalnum():
            words[-1] += mark
        if closes:
            words[-1] += closes
        elif quote:
            opening = "" if opening else quote
    return " ".join(words)


def _lone_quote(token: str) -> str:
    """The unpaired quotation mark in ``token``, if any."""
    return next((quote for quote in "\"'" if token.count(quote) % 2), "")


def _is_open(words: list[str], quote: str) -> bool:
    """Whether a quotation opened in ``words`` is not closed; apostrophes don't count."""
    if quote == '"':
        return sum(word.count(quote) for word in words) % 2 == 1
    begun = [word.startswith(quote) for word in words]
    ended = [bool(re.search(r"'\W*$", word)) for word in words]
    return sum(begun) > sum(ended)
