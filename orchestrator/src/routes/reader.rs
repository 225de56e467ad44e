//! Who reads what an event says: people who may see it, with an account or, where it is public, without.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};
use common::{
    access::{AccessError, Permission, Principal, Verifier, bearer_token},
    event::EventConfig,
    ids::EventId,
    problem::Problem,
};

use crate::AppState;

/// Whoever reads, also without an account. A token that is not valid is a 401.
pub(super) struct Reader {
    pub(super) principal: Option<Principal>,
    pub(super) token: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let principal = <Principal as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        let token = bearer_token(&parts.headers)?.map(str::to_owned);
        Ok(Self { principal, token })
    }
}

impl Reader {
    /// The event, if they see it and have one of the permissions `any_of`; without any, it has to be public.
    pub(super) async fn event(
        &self,
        state: &AppState,
        event_id: EventId,
        any_of: &[Permission],
    ) -> Result<Arc<EventConfig>, Problem> {
        let event = state.events.event(event_id).await?;
        event.filter(|event| self.sees(event, any_of)).ok_or_else(|| self.sees_none("event", any_of))
    }

    pub(super) fn entitled(&self, any_of: &[Permission]) -> Option<&Principal> {
        self.principal.as_ref().filter(|principal| any_of.iter().any(|one| principal.may(*one)))
    }

    pub(super) fn sees(&self, event: &EventConfig, any_of: &[Permission]) -> bool {
        event.is_seen_by(self.entitled(any_of))
    }

    /// What is answered when they see no such thing. Says the same whether there is one or not.
    pub(super) fn sees_none(&self, what: &str, any_of: &[Permission]) -> Problem {
        match (&self.principal, any_of.first()) {
            (None, _) => AccessError::Missing.into(),
            (Some(_), Some(needed)) if self.entitled(any_of).is_none() => {
                AccessError::Forbidden(*needed).into()
            }
            (Some(_), _) => Problem::not_found(what),
        }
    }
}
