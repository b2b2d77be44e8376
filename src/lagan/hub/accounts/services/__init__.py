"""Changing accounts: users, what they sign in with, and the letters that this takes."""

from lagan.hub.accounts.personal import parts as personal_parts
from lagan.hub.accounts.post import deliver as deliver_letters
from lagan.hub.accounts.services.day_tokens import issue_day_token, revoke_day_token
from lagan.hub.accounts.services.export import export_personal
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
from lagan.hub.accounts.services.logins import (
    arrive,
    limited,
    link,
    unlink,
)
from lagan.hub.accounts.services.passwords import (
    change_password,
    confirm_email,
    forget_password,
    link_for,
    make_password_link,
    read_password_link,
    send_confirmation,
    send_first_password,
    send_generated_password,
    send_password_link,
    set_password,
    use_password_link,
)
from lagan.hub.accounts.services.providers import (
    refuse_taken_provider,
    remove_provider,
    require_administrator,
    set_provider,
)
from lagan.hub.accounts.services.sessions import (
    begin_visit,
    close_visit,
    end_other_visits,
    end_visit,
    network_address,
    rename_visit,
    see_visit,
)
from lagan.hub.accounts.services.signing_in import (
    Step,
    access_token_of,
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
    "arrive",
    "begin_totp",
    "begin_visit",
    "bootstrap",
    "change_password",
    "change_user",
    "check_factor",
    "check_password",
    "close_visit",
    "confirm_email",
    "confirm_totp",
    "create_client_key",
    "create_user",
    "deliver_letters",
    "end_other_visits",
    "end_visit",
    "enter",
    "export_personal",
    "forget_password",
    "access_token_of",
    "issue_day_token",
    "issue_tokens",
    "limited",
    "link",
    "link_for",
    "make_password_link",
    "network_address",
    "new_recovery_codes",
    "next_step",
    "personal_parts",
    "read_password_link",
    "refresh",
    "refuse_taken_provider",
    "remove_factor",
    "remove_provider",
    "rename_client_key",
    "rename_visit",
    "require_administrator",
    "reset_factors",
    "restore_user",
    "revoke_client_key",
    "revoke_day_token",
    "see_visit",
    "send_confirmation",
    "send_first_password",
    "send_generated_password",
    "send_password_link",
    "set_active",
    "set_password",
    "set_provider",
    "sign_in",
    "unlink",
    "unlock",
    "use_password_link",
]
