//! Access tokens that are good no more: a user was disabled, changed the password or lost a right.
//!
//! This service reads its own data with every request. The other services look at `auth:not_before:{sub}` in the live
//! state; without it their tokens live to their end.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::access::{NotBefore, NotBeforeError, Subject, withdraw};

use crate::{AppState, persistence::Sessions};

/// What this service knows of its own tokens.
pub struct StoredNotBefore(pub Arc<dyn Sessions>);

#[async_trait]
impl NotBefore for StoredNotBefore {
    async fn not_before(&self, subject: &Subject) -> Result<Option<DateTime<Utc>>, NotBeforeError> {
        self.0.tokens_good_from(subject).await.map_err(|error| NotBeforeError(Box::new(error)))
    }
}

impl AppState {
    /// Tells the other services that tokens of `subject` made before `moment` are good no more. The data says so already:
    /// when the live state is away, that is logged, and the tokens' life bounds it.
    pub async fn tell_withdrawn(&self, subject: &Subject, moment: DateTime<Utc>) {
        if let Err(error) = withdraw(&*self.live, subject, moment, self.config.access_ttl).await {
            tracing::warn!(%error, "a withdrawal could not be told to the other services");
        }
    }
}
