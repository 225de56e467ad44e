//! Everybody and everything that can be named.

use super::{Clients, Customers, Roles, Users};

/// Customers, users, roles and clients.
pub trait Directory: Customers + Users + Roles + Clients {}

impl<T: Customers + Users + Roles + Clients> Directory for T {}
