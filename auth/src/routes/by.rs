//! Who asks for a change or a look.

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};
use common::{
    access::{May, Needs, Principal},
    problem::Problem,
    service::RequestId,
};

use crate::{AppState, directory::Caller};

/// Whoever asks, with the permission `N`, at this moment and in this request: [`May`] and what the audit log wants.
pub(crate) struct By<N> {
    pub(crate) caller: Caller,
    needs: PhantomData<fn() -> N>,
}

/// Whoever asks, with any valid token.
pub(crate) struct ByAnybody(pub(crate) Caller);

fn caller(principal: Principal, parts: &Parts) -> Caller {
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
    Caller { principal, now: common::clock::now(), request_id }
}

impl<N: Needs> FromRequestParts<AppState> for By<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let who = May::<N>::from_request_parts(parts, state).await?;
        Ok(Self { caller: caller(who.principal, parts), needs: PhantomData })
    }
}

impl FromRequestParts<AppState> for ByAnybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let who = <Principal as FromRequestParts<AppState>>::from_request_parts(parts, state).await?;
        Ok(Self(caller(who, parts)))
    }
}
