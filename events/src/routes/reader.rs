//! Who reads events.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};
use common::{
    access::{AccessError, Permission, Principal, Verifier},
    problem::Problem,
};

use crate::domain::Viewer;

/// Whoever reads events, also without an account: they see public ones. A token that is not valid is a 401.
pub(super) struct Reader {
    pub(super) viewer: Viewer,
    /// Why they see no more.
    limit: Option<AccessError>,
}

impl Reader {
    /// What is answered when they see no such event. Says the same whether there is one or not.
    pub(super) fn sees_none(self) -> Problem {
        self.limit.map_or_else(|| Problem::not_found("event"), Problem::from)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Reader
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let principal = <Principal as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(match principal {
            Some(principal) if principal.may(Permission::EventsRead) => {
                Self { viewer: Viewer::of(&principal), limit: None }
            }
            Some(_) => {
                Self { viewer: Viewer::GUEST, limit: Some(AccessError::Forbidden(Permission::EventsRead)) }
            }
            None => Self { viewer: Viewer::GUEST, limit: Some(AccessError::Missing) },
        })
    }
}
