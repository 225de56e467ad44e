//! What `ilenia dev` knows from the start: one customer with four accounts, and one event. The ids are fixed, so that
//! the services can refer to each other's without asking.

use uuid::uuid;

use crate::ids::{CustomerId, UserId};

/// The password of all four accounts. They exist in `ilenia dev` alone.
pub const PASSWORD: &str = "ilenia-demo";

/// The customer to whom all of it belongs.
pub const CUSTOMER: CustomerId = CustomerId(uuid!("0192f0c1-0000-7000-8000-000000000001"));

/// `admin@example.org`, role `admin`.
pub const ADMIN: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000011"));

/// `manager@example.org`, role `manager`.
pub const MANAGER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000012"));

/// `speaker@example.org`, role `speaker`.
pub const SPEAKER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000013"));

/// `listener@example.org`, role `listener`.
pub const LISTENER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000014"));

/// Each account: id, e-mail address, name, role.
pub const ACCOUNTS: [(UserId, &str, &str, &str); 4] = [
    (ADMIN, "admin@example.org", "Ada Admin", "admin"),
    (MANAGER, "manager@example.org", "Max Manager", "manager"),
    (SPEAKER, "speaker@example.org", "Sara Speaker", "speaker"),
    (LISTENER, "listener@example.org", "Leo Listener", "listener"),
];

/// The number of the demonstration event.
pub const EVENT_ID: i32 = 123_457;
