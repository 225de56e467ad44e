//! Who may do what: permissions, verified access tokens, and the extractors that ask for them.

mod permission;
mod principal;

pub use permission::{Permission, PermissionPattern, PermissionSet, UnknownPermission, may};
pub use principal::{PLATFORM_ADMIN, Principal, Subject, Tenants};

/// A permission as a type, for [`May`].
pub trait Needs {
    /// Which.
    const PERMISSION: Permission;
}

/// Whoever asks, with the permission `N`. As a handler's argument: 401 without a valid token, 403 without the permission.
#[derive(Clone, Debug)]
pub struct May<N> {
    /// Who it is.
    pub principal: Principal,
    needs: std::marker::PhantomData<fn() -> N>,
}
