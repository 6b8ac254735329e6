"""Access: users, passwords, sign-in and its limits, sessions, second factors."""

from admin.auth.redirects import back, is_local
from admin.auth.sessions import Person, person
from admin.auth.users import create_user

__all__ = ["Person", "back", "create_user", "is_local", "person"]
