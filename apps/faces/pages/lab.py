"""FaceLab: everybody whose face was found, the largest groups first."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.counting import Precision, RowCount, count_rows
from apps.faces.choices import Band, ChangeKind, Verdict
from apps.faces.models import FaceChange, FaceLibrary, Finding, Identity, Proposal, Track
from apps.faces.pages import asked
from apps.faces.pages.cards import cards_of, read_page
from apps.faces.pages.posting import DeedPage
from apps.faces.pages.proposals import read_proposals
from apps.faces.pages.working import working
from apps.library.models import Performer

_COUNT_COST = 20_000.0  # of PostgreSQL's planner: beyond it its own estimate is shown
_MOST_TARGETS = 8
_FEW_WAIT = 5_000  # faces
_MOST_NAMES = 1_000  # performers with what was typed in their names
TABS = (
    ("unnamed", "Unnamed", "help"),
    ("confirm", "To confirm", "rule"),
    ("named", "Named", "badge"),
    ("ignored", "Ignored", "visibility_off"),
    ("proposals", "Proposals", "lightbulb"),
)
_KEYS = (
    (("←", "→"), "go from one to the next (also ↑ and ↓)"),
    (("Enter",), "look at all faces of it"),
    (("Space",), "choose it, or no longer"),
    (("Shift+Space",), "choose all from the one chosen last to this one"),
    (("Ctrl+a",), "choose all that are shown"),
    (("n",), "name it"),
    (("w",), "who is this?"),
    (("m",), "merge it into another"),
    (("c",), "confirm all its faces"),
    (("p",), "two that are chosen are two people"),
    (("i",), "ignore it, or no longer"),
    (("1", "5"), "one of the five lists"),
    (("/",), "look for a name"),
    (("u",), "undo what was done last"),
    (("Esc",), "choose none"),
    (("?",), "these keys"),
)


class FaceLabPage(DeedPage):
    """``?tab=`` one of the five lists, ``text`` narrows it by name, ``cursor`` is a page of it;
    ``fragment=cards&ids=`` are some of it anew, ``fragment=targets&text=`` whom one may mean,
    ``fragment=working`` what is under way."""

    title = "Faces"
    name = "faces_lab"
    route = "lab/"
    template_name = "admin/faces/lab.html"
    fragments = {
        "page": "admin/faces/_lab_page.html",
        "more": "admin/faces/_lab_cards.html",
        "cards": "admin/faces/_lab_cards.html",
        "targets": "admin/faces/_targets.html",
        "working": "admin/faces/_working.html",
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted, part = self.request.GET, self.request.GET.get("fragment", "")
        tab = _tab_in(wanted.get("tab", ""))
        told: dict[str, Any] = {
            "tab": tab, "text": asked.text_in(wanted, "text"), **rights_of(self.request),
        }  # fmt: skip
        if part == "targets":
            told["targets"] = _targets(told["text"], but=asked.numbers_in(wanted.getlist("but")))
        elif part == "cards":
            ids = asked.numbers_in(wanted.getlist("ids"))[:500]
            told["cards"] = cards_of(_in_tab(tab, told["text"]).filter(pk__in=ids))
        elif part == "working":
            told |= working(self.request.user)
        else:
            told |= self._list(tab, told["text"], wanted.get("cursor", ""))
            if part != "more":
                told |= self._around(tab, told)
        return super().get_context_data(**told, **kwargs)

    def _list(self, tab: str, text: str, cursor: str) -> dict[str, Any]:
        if tab == "proposals":
            return {"proposals": read_proposals()}
        page = read_page(_in_tab(tab, text), cursor)
        more = Precision.AT_LEAST if page.next else Precision.EXACT
        return {"cards": page.cards, "next": page.next, "shown": RowCount(len(page.cards), more)}

    def _around(self, tab: str, listed: dict[str, Any]) -> dict[str, Any]:
        # who waits is known face by face: they aren't all counted for a number
        count = listed["shown"] if tab == "confirm" else _count(tab, listed["text"])
        told: dict[str, Any] = {
            "tabs": TABS, "keys": _KEYS, "keys_on": asked.keys_on(self.request.user),
            "count": count, "undoable": last_change(self.request),
            "any_on": FaceLibrary.objects.filter(enabled=True).exists(),
            **working(self.request.user),
        }  # fmt: skip
        if not told["any_on"] or not count.rows:
            told["any_looked"] = Finding.objects.exists()
        return told


def rights_of(request: HttpRequest) -> dict[str, bool]:
    """What somebody may do with faces, as templates ask."""
    may = request.user.has_perm
    return {
        "may_change": may("faces.change_identity") and may("library.change_video"),
        "may_find": may("faces.find"),
        "may_set": may("faces.change_facesettings"), "may_wipe": may("faces.wipe"),
        "may_create": may("library.add_performer"), "may_see_videos": may("library.view_video"),
    }  # fmt: skip


def last_change(request: HttpRequest) -> FaceChange | None:
    """What an undo takes back first: the person's own last change that isn't an undo itself."""
    mine = FaceChange.objects.filter(user=request.user.pk, undone_at=None)
    return mine.exclude(kind=ChangeKind.UNDO).order_by("-pk").first()


def _tab_in(text: str) -> str:
    return text if text in {name for name, _label, _icon in TABS} else TABS[0][0]


def _in_tab(tab: str, text: str) -> QuerySet[Identity]:
    if tab == "confirm":
        rows: QuerySet[Identity] = _to_confirm()
    else:
        rows = {
            "unnamed": Identity.objects.unnamed(), "named": Identity.objects.named(),
            "ignored": Identity.objects.ignored(),
        }.get(tab, Identity.objects.none())  # fmt: skip
    return _called(rows, text) if text else rows


def _to_confirm() -> QuerySet[Identity]:
    """Those with faces that wait. Of few their ids are asked for first, by the indexes of faces:
    to look for a few among a hundred thousand people takes a second."""
    waiting = Track.objects.filter(verdict=Verdict.NONE, image=None, identity__isnull=False)
    found: set[int | None] = set()
    likely = waiting.filter(band__in=[Band.SUGGESTED, Band.APPLIED])
    placed = waiting.filter(identity__performer__isnull=False)
    for rows in (likely, placed):
        ids = rows.values_list("identity_id", flat=True)[: _FEW_WAIT + 1]
        if len(ids) > _FEW_WAIT:
            return Identity.objects.to_confirm()
        found.update(ids)
    return Identity.objects.with_faces().filter(pk__in=found, ignored=False)


def _called(rows: QuerySet[Identity], text: str) -> QuerySet[Identity]:
    """Those whose performer has the words in the name; a number is the identity's own."""
    number = asked.number_in(text.lower().removeprefix("unknown").strip())
    if number:
        return rows.filter(pk=number)
    named = Performer.objects.filter(name__icontains=text).order_by("pk")
    return rows.filter(performer__in=list(named.values_list("pk", flat=True)[:_MOST_NAMES]))


def _count(tab: str, text: str) -> RowCount:
    if tab == "proposals":
        return count_rows(Proposal.objects.filter(state="open"))
    # narrowed by a name they are few; and what can be nobody can't be planned
    return count_rows(_in_tab(tab, text), planned=not text, most_cost=_COUNT_COST)


def _targets(text: str, *, but: list[int]) -> list[Any]:
    """Whom one may mean when typing a name: the largest first, those with a name before others."""
    rows = Identity.objects.with_faces().exclude(pk__in=but)
    wanted = _called(rows, text) if text else rows.filter(performer__isnull=False)
    found = wanted.order_by("-track_count", "pk").values_list("pk", flat=True)[:_MOST_TARGETS]
    return cards_of(Identity.objects.filter(pk__in=list(found)))
