//! Users: people who can sign in.

mod change;
mod list;
mod permissions;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

#[cfg(test)]
pub(super) use change::{NewUserBody, UserPatch};
#[cfg(test)]
pub(super) use permissions::SetPermission;
pub(crate) use view::UserView;

use crate::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list_users, change::create_user))
        .routes(routes!(list::get_user, change::update_user, change::delete_user))
        .routes(routes!(permissions::get_user_permissions))
        .routes(routes!(permissions::set_user_permission, permissions::unset_user_permission))
}
