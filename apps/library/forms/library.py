"""The form of a library: its folder, and how to scan it."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldBooleanSwitchWidget

from apps.core.forms import AuditedForm, LinesField, WordsField
from apps.library.models import Library, LibraryPrefix
from apps.library.services.library_checks import LibraryRefused, check_library


class LibraryForm(AuditedForm):
    """Only ``name`` and ``root`` have to be given."""

    include = LinesField(
        label="Only these",
        help_text="Patterns as in .gitignore, one on each line. Empty: everything.",
    )
    exclude = LinesField(
        label="Not these",
        help_text="Patterns as in .gitignore, one on each line, such as <code>*.part</code> "
        "or <code>/Trash/</code>.",
    )
    extensions = WordsField(
        label="File name extensions",
        help_text="With spaces between. Empty: all that MediaHub knows.",
    )
    prefixes = LinesField(
        label="Also known as",
        rows=2,
        help_text="Other paths under which the same folder is known, on a player or another "
        "machine. One on each line.",
    )
    scan_now = forms.BooleanField(
        label="Scan now",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Look for videos as soon as this is saved.",
    )

    class Meta:
        model = Library
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            prefixes = self.instance.prefixes.order_by("pk").values_list("prefix", flat=True)
            self.fields["prefixes"].initial = list(prefixes)

    def clean_root(self) -> str:
        root: str = self.cleaned_data["root"].strip()
        return root.rstrip("/") or "/"

    def clean_prefixes(self) -> list[str]:
        prefixes = list(dict.fromkeys(p.rstrip("/") or "/" for p in self.cleaned_data["prefixes"]))
        taken = LibraryPrefix.objects.filter(prefix__in=prefixes).exclude(library=self.instance.pk)
        if other := taken.select_related("library").first():
            raise forms.ValidationError(f"{other.prefix} is known for {other.library} already.")
        return prefixes

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors:
            values = {name: cleaned[name] for name in ("root", "include", "exclude")}
            try:
                check_library(
                    Library(pk=self.instance.pk, **values), root_is_new="root" in self.changed_data
                )
            except LibraryRefused as error:
                self.add_error(error.field, str(error))
        return cleaned
