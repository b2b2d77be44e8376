"""Changing accounts: users, what they sign in with, and the letters that this takes."""

from lagan.hub.accounts.post import deliver as deliver_letters
from lagan.hub.accounts.services.factors import (
    Seed,
    begin_totp,
    check_factor,
    confirm_totp,
    new_recovery_codes,
    remove_factor,
    reset_factors,
)
from lagan.hub.accounts.services.keys import (
    create_client_key,
    rename_client_key,
    revoke_client_key,
)
from lagan.hub.accounts.services.leaving import anonymise
from lagan.hub.accounts.services.passwords import (
    change_password,
    confirm_email,
    forget_password,
    make_password_link,
    read_password_link,
    send_confirmation,
    send_first_password,
    send_generated_password,
    send_password_link,
    set_password,
    use_password_link,
)
from lagan.hub.accounts.services.sessions import (
    begin_visit,
    end_other_visits,
    end_visit,
    see_visit,
)
from lagan.hub.accounts.services.signing_in import (
    Step,
    check_password,
    enter,
    issue_tokens,
    next_step,
    refresh,
    sign_in,
    unlock,
)
from lagan.hub.accounts.services.users import (
    bootstrap,
    change_user,
    create_user,
    restore_user,
    set_active,
)

__all__ = [
    "Seed",
    "Step",
    "anonymise",
    "begin_totp",
    "begin_visit",
    "bootstrap",
    "change_password",
    "change_user",
    "check_factor",
    "check_password",
    "confirm_email",
    "confirm_totp",
    "create_client_key",
    "create_user",
    "deliver_letters",
    "end_other_visits",
    "end_visit",
    "enter",
    "forget_password",
    "issue_tokens",
    "make_password_link",
    "new_recovery_codes",
    "next_step",
    "read_password_link",
    "refresh",
    "remove_factor",
    "rename_client_key",
    "reset_factors",
    "restore_user",
    "revoke_client_key",
    "see_visit",
    "send_confirmation",
    "send_first_password",
    "send_generated_password",
    "send_password_link",
    "set_active",
    "set_password",
    "sign_in",
    "unlock",
    "use_password_link",
]
