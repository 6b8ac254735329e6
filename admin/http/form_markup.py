"""Puts what a person typed back into a form of a page of ours.

It works on the finished page, so it holds for every form, and a page needs nothing for it. Only
the tags of that form change; everything else stays byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

SECRET = frozenset({"password", "file"})
"""Kinds of input that are never filled in: a browser doesn't fill the second, and we don't show
the first."""
CLICKED = frozenset({"checkbox", "radio"})
BUTTONS = frozenset({"submit", "button", "reset", "image"})
TOKEN = "csrf_token"  # noqa: S105  # a field's name
SEEN = "seen"
"""Field with the version that a form began with (``pipelines/versions.py``)."""

Attributes = dict[str, str | None]
Edit = tuple[int, int, str]
"""Replace the page's text from, to, by."""


@dataclass(slots=True)
class Option:
    tag: tuple[int, int]
    attributes: Attributes
    value: str = ""


@dataclass(slots=True)
class Control:
    """An input, a select or a textarea."""

    element: str
    attributes: Attributes
    tag: tuple[int, int]
    end: int
    """Where the element ends."""
    value: str = ""
    options: list[Option] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.attributes.get("name") or ""

    @property
    def kind(self) -> str:
        return (self.attributes.get("type") or "text").lower() if self.element == "input" else ""

    @property
    def clicked(self) -> bool:
        return self.kind in CLICKED

    @property
    def typed(self) -> bool:
        """Whether a person fills it in."""
        return self.kind not in BUTTONS | {"hidden"} and "disabled" not in self.attributes


@dataclass(slots=True)
class Form:
    action: str
    attributes: Attributes
    tag: tuple[int, int]
    dialog: tuple[tuple[int, int], Attributes] | None
    """Tag and attributes of the dialog around it."""
    details: tuple[tuple[int, int], Attributes] | None
    """The same of a closed ``details`` around it."""
    controls: list[Control] = field(default_factory=list)
    buttons: set[str] = field(default_factory=set)
    """Names that a button sends; pressed again, it sends its value again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was sent, and why it was refused.

    Attributes:
        path: where the form was sent to.
        fields: names and values as sent, in order.
        sentence: why.
        field: name of the input at fault; empty if not known.
        saved_meanwhile: somebody else saved the same form first.
    """

    path: str
    fields: Sequence[tuple[str, str]]
    sentence: str
    field: str = ""
    saved_meanwhile: bool = False

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


def filled(page: str, refusal: Refusal, page_path: str) -> str | None:
    """The page at ``page_path`` with what was typed, and the fault beside its input.

    None if the page has no such form, or nobody types into it.
    """
    reader = _Reader(page)
    form = _sent(reader.forms, refusal, page_path)
    if form is None:
        return None
    names = {control.name for control in form.controls if control.typed}
    if refusal.field not in names:
        refusal = replace(refusal, field=names.pop() if len(names) == 1 else "")
    edits = [*_without_focus(reader.forms, form), *_around(form, refusal)]
    left = list(refusal.fields)
    known = {control.name for control in form.controls} | form.buttons
    for control in form.controls:
        edits += _fill(control, left, refusal)
    extra = [
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in refusal.fields
        if name not in known | {TOKEN}
    ]
    edits.append((form.tag[1], form.tag[1], "".join(extra)))
    return _edited(page, edits)


def _sent(forms: list[Form], refusal: Refusal, page_path: str) -> Form | None:
    """The form of the page that was sent: by its address and by the names that it has.

    A dialog's form has another address in the page than the one that its button gave it.
    """
    names = {name for name, _ in refusal.fields} - {TOKEN}

    def fit(form: Form) -> tuple[bool, int, int]:
        typed = {control.name for control in form.controls if control.typed and not control.clicked}
        hidden = {control.name for control in form.controls if control.kind == "hidden"}
        missing = len(hidden - names - {TOKEN, SEEN})
        return _goes_to(form, page_path) == refusal.path, len(typed & names), -missing

    def may_be(form: Form) -> bool:
        there, typed, _ = fit(form)
        return bool(typed) or (there and _is_ticked(form))

    return max(filter(may_be, forms), key=fit, default=None)


def _goes_to(form: Form, page_path: str) -> str:
    return urlsplit(form.action).path or page_path


def _is_ticked(form: Form) -> bool:
    """Whether it may be sent without any of its inputs: they are boxes to tick."""
    typed = [control for control in form.controls if control.typed]
    return bool(typed) and all(control.clicked for control in typed)


def _around(form: Form, refusal: Refusal) -> list[Edit]:
    """Send it to the same place again; show the form if it is folded away."""
    wanted = {**form.attributes, "action": refusal.path, "data-refused": ""}
    edits = [(*form.tag, _tag("form", wanted))]
    if not refusal.field and not refusal.saved_meanwhile:
        told = f'<p class="error" id="fault">{escape(refusal.sentence)}</p>'
        edits.append((form.tag[1], form.tag[1], told))
    for element, folded in (("dialog", form.dialog), ("details", form.details)):
        if folded:
            edits.append((*folded[0], _tag(element, {**folded[1], "open": ""})))
    return edits


def _fill(control: Control, left: list[tuple[str, str]], refusal: Refusal) -> list[Edit]:
    """Changes of one control; its value is taken from ``left``."""
    name, wanted = control.name, dict(control.attributes)
    if not name or name == TOKEN or control.kind in BUTTONS or "disabled" in wanted:
        return []
    if name == SEEN and refusal.saved_meanwhile:
        return []  # what is there now has been shown: saving again replaces it
    edits: list[Edit] = []
    wanted.pop("autofocus", None)
    before = control.value
    if control.clicked:
        on = (wanted.get("value") or "on") in refusal.values(name)
        wanted.pop("checked", None)
        wanted |= {"checked": ""} if on else {}
        sent: str | None = None
    elif control.kind in SECRET:
        sent = None
    elif control.element == "select":
        sent = None
        edits += _choose(control, refusal.values(name))
    else:
        sent = _take(left, name)
        if sent is not None and control.element == "input":
            wanted["value"] = sent
        elif sent is not None:
            # A browser drops the first line end in a textarea.
            edits.append((control.tag[1], control.end - len("</textarea>"), "\n" + escape(sent)))
    edits += _beside(control, wanted, refusal, before, sent)
    if wanted != control.attributes:
        edits.append((*control.tag, _tag(control.element, wanted)))
    return edits


def _beside(
    control: Control, wanted: Attributes, refusal: Refusal, before: str, sent: str | None
) -> list[Edit]:
    """The fault, or what somebody else saved there; ``wanted`` gets the attributes for it."""
    name = control.name
    if refusal.saved_meanwhile:
        if control.kind == "hidden" or sent is None or _same(sent, before):
            return []
        note = (
            f'<span class="meanwhile" id="meanwhile-{escape(name)}"><strong>Saved meanwhile:'
            f'</strong> <span dir="auto">{escape(before) or "nothing"}</span></span>'
        )
        _describe(wanted, f"meanwhile-{name}")
        return [(control.end, control.end, note)]
    if control.kind == "hidden" or name != refusal.field:
        return []
    _describe(wanted, f"fault-{name}")
    wanted |= {"aria-invalid": "true", "autofocus": ""}
    wanted["class"] = f"{wanted.get('class') or ''} is-invalid".strip()
    if control.clicked:
        return []
    told = f'<span class="error" id="fault-{escape(name)}">{escape(refusal.sentence)}</span>'
    return [(control.end, control.end, told)]


def _describe(wanted: Attributes, told: str) -> None:
    wanted["aria-describedby"] = f"{wanted.get('aria-describedby') or ''} {told}".strip()


def _choose(control: Control, values: list[str]) -> list[Edit]:
    edits = []
    for option in control.options:
        wanted = {key: value for key, value in option.attributes.items() if key != "selected"}
        if option.value in values:
            wanted = {"selected": "", **wanted}
        edits.append((*option.tag, _tag("option", wanted)))
    return edits


def _take(left: list[tuple[str, str]], name: str) -> str | None:
    """The next value that was sent under the name."""
    for position, (key, value) in enumerate(left):
        if key == name:
            del left[position]
            return value
    return None


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def _without_focus(forms: Iterable[Form], but: Form) -> list[Edit]:
    """No other form takes the focus."""
    return [
        (*control.tag, _tag(control.element, control.attributes, without="autofocus"))
        for form in forms
        if form is not but
        for control in form.controls
        if "autofocus" in control.attributes
    ]


def _tag(element: str, attributes: Attributes, without: str = "") -> str:
    written = (
        f" {name}"
        if value in {None, ""} and name != "value"
        else f' {name}="{escape(value or "")}"'
        for name, value in attributes.items()
        if name != without
    )
    return f"<{element}{''.join(written)}>"


def _edited(page: str, edits: list[Edit]) -> str:
    pieces, at = [], 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [page[at:start], text]
        at = end
    return "".join([*pieces, page[at:]])


class _Reader(HTMLParser):
    """Where the forms of a page are that change something, and what is in them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.forms: list[Form] = []
        self._lines = [0]
        for line in page.split("\n"):  # as the parser counts lines
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._form: Form | None = None
        self._folded: dict[str, tuple[tuple[int, int], Attributes]] = {}
        self._open: Control | None = None
        self._page = page
        self.feed(page)
        self.close()

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _span(self) -> tuple[int, int]:
        start = self._at()
        return start, start + len(self.get_starttag_text() or "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes, span = dict(attrs), self._span()
        if tag in {"dialog", "details"}:
            self._folded[tag] = (span, attributes)
        elif tag == "form" and (attributes.get("method") or "").lower() == "post":
            action = attributes.get("action") or ""
            folded = self._folded.get
            self._form = Form(action, attributes, span, folded("dialog"), folded("details"))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag in {"input", "select", "textarea"}:
            value = attributes.get("value") or ""
            self._open = Control(tag, attributes, span, span[1], value)
            self._form.controls.append(self._open)
        elif tag == "button":
            self._form.buttons.add(attributes.get("name") or "")
        elif tag == "option" and self._open is not None:
            self._open.options.append(Option(span, attributes, attributes.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in self._folded:
            del self._folded[tag]
        elif tag in {"select", "textarea"} and self._open is not None:
            control, self._open = self._open, None
            control.end = self._at() + len(f"</{tag}>")
            if tag == "textarea":
                # A browser drops a first line end.
                text = self._page[control.tag[1] : self._at()].removeprefix("\n")
                control.value = unescape(text)
            else:
                control.value = _chosen(control.options)

    def handle_data(self, data: str) -> None:
        """An option without a value has its text for one."""
        if self._open is not None and self._open.options:
            option = self._open.options[-1]
            if "value" not in option.attributes:
                option.value += data.strip()


def _chosen(options: list[Option]) -> str:
    return next((option.value for option in options if "selected" in option.attributes), "")
