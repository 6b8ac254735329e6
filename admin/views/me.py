"""The signed-in user's own page."""

from __future__ import annotations

from typing import ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user

from admin.auth import Person, authenticate, hash_password, person
from admin.views.page import Page, audit, done, expose
from core.db import transaction
from core.errors import InputError
from models import Role, User


class Me(Page):
    writes: ClassVar[Role] = Role.VIEWER

    def is_visible(self) -> bool:
        return False  # linked from the user's name in the menu

    @expose("/")
    def index(self) -> str:
        return self.render("me.html")

    @expose("/password", methods=["POST"])
    def password(self) -> ResponseReturnValue:
        """Change your own password. Your other sessions end."""
        user = authenticate(person().name, request.form.get("old", ""))
        if user is None:
            raise InputError("The current password is wrong.")
        hashed = hash_password(request.form.get("new", ""))
        with transaction():
            unchanged = (User.id == user.id, User.password_hash == user.password_hash)
            if not User.update(password_hash=hashed).where(*unchanged).execute():
                raise InputError("Your password was changed meanwhile: sign in with the new one.")
            audit("user.change_password", f"user {user.id}")
        login_user(Person(User.get_by_id(user.id)))
        return done("Password changed. Your other sessions are signed out.", url_for(".index"))
