//! Ids that are UUIDs: people, their customers (tenants), and sessions.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "service", schema(value_type = Uuid, example = "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f"))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, different from every other; sorts by time of making.
            pub fn generate() -> Self {
                Self(super::new_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_newtype! {
    /// Names a person who can sign in.
    UserId
}
uuid_newtype! {
    /// Names a customer: the tenant to whom users, events and everything else belong.
    CustomerId
}
uuid_newtype! {
    /// Names one session: a channel of an event, from start to stop.
    SessionId
}
