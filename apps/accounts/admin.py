"""People, their roles and their tokens."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.accounts.choices import Role, Scope
from apps.accounts.forms import TokenForm
from apps.accounts.models import ApiToken
from apps.accounts.services.tokens import create_token, revoke_token
from apps.core import audit
from apps.core.admin import AuditedAdmin
from apps.core.admin.base import column
from apps.core.models import AuditAction

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(AuditedAdmin, DjangoUserAdmin):
    """No password, hashed or not, is written to the audit."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "full_name", "roles", "is_active", "last_login"]
    list_filter = ["is_active", "groups"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    filter_horizontal = ()
    autocomplete_fields = ["groups"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Who it is", {"fields": [("first_name", "last_name"), "email"]}),
        ("What they may do", {"fields": ["groups", "is_active", "is_staff", "is_superuser"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "password1", "password2", "groups", "is_staff"]})
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return users

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups":
            field.label, field.help_text = "Roles", ""
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Who isn't a superuser may not make one, neither of themselves nor of others.
        return [] if request.user.is_superuser else ["is_superuser"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_below(request, obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_below(request, obj) and bool(super().has_delete_permission(request, obj))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"is_staff": True, **super().get_changeform_initial_data(request)}

    @column("name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "-"

    @column("role")
    def roles(self, user: User) -> str:
        if user.is_superuser:
            return "superuser"
        return ", ".join(group.name for group in user.groups.all()) or "none"

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().user_change_password(request, *args, **kwargs)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            user = User.objects.get(pk=(*args, *kwargs.values())[0])
            audit.record([audit.entry(user, AuditAction.CHANGED, {"password": ("…", "…")})])
        return response

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        user = User.objects.get(pk=obj.pk)
        last = audit.entry(user, AuditAction.DELETED, {"username": (user.username, None)})
        user.delete()
        audit.record([last])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for user in queryset:
            self.delete_model(request, user)

    def consequence(self, _user: Any) -> str:
        return "their tokens and viewing history go, what they changed stays"


@admin.register(Group)
class GroupAdmin(AuditedAdmin, DjangoGroupAdmin):
    """The four roles follow the code; more can be added."""

    list_display = ["name", "meaning"]
    search_fields = ["name"]
    ordering = ["name"]
    filter_horizontal = ("permissions",)

    @column("what it may do")
    def meaning(self, group: Group) -> str:
        return dict(Role.choices).get(group.name, "-").rpartition(": ")[2]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        own = obj is None or obj.name not in Role.values
        return own and bool(super().has_delete_permission(request, obj))


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin):
    """The secret is shown once, on the page that follows the form, and stored nowhere."""

    form = TokenForm
    list_display = ["named", "user", "scope", "condition", "last_used_at", "created_at"]
    list_display_links = ["named"]
    list_select_related = ["user"]
    ordering = ["-pk"]
    actions = ["revoke"]
    autocomplete_fields = ["user"]
    add_fieldsets = [(None, {"fields": ["name", "user", "scope", "expires_at"]})]
    fields = [
        "name", "user", "scope", "prefix", "condition", "created_at", "expires_at", "revoked_at",
        "last_used_at",
    ]  # fmt: skip
    empty_title = "No tokens yet"
    empty_text = "A token lets a program use the API in your name."

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.delete_apitoken")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        given = form.cleaned_data
        token, secret = create_token(
            given["user"], scope=Scope(given["scope"]), name=given["name"],
            expires_at=given["expires_at"],
        )  # fmt: skip
        obj.pk, obj.prefix, obj.secret = token.pk, token.prefix, secret

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "New token",
            "token": obj,
            "secret": obj.secret,
        }
        return TemplateResponse(request, "admin/accounts/token.html", context)

    @column("token")
    def named(self, token: ApiToken) -> str:
        return str(token)

    @column("state", labels={"usable": "success", "revoked": "danger", "expired": "warning"})
    def condition(self, token: ApiToken) -> str:
        if token.revoked_at:
            return "revoked"
        expired = token.expires_at and token.expires_at <= timezone.now()
        return "expired" if expired else "usable"

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            revoke_token(token, now=timezone.now())
        messages.success(request, f"{len(queryset)} tokens are of no more use.")


def _is_below(request: HttpRequest, user: Any) -> bool:
    """Superusers are changed by superusers only."""
    return user is None or request.user.is_superuser or not getattr(user, "is_superuser", False)
