//! Who asks, where a permission alone does not say enough. All of this comes before the body.

use std::{marker::PhantomData, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::request::Parts,
};
use common::{
    access::{AccessError, May, Needs, Permission, Principal, Subject, Verifier, may},
    ids::UserId,
    problem::Problem,
};

/// A person who may speak in rooms.
pub(super) struct Speaking {
    pub(super) principal: Principal,
    pub(super) user: UserId,
}

impl<S: Send + Sync> FromRequestParts<S> for Speaking
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let May { principal, .. } = May::<may::RoomsSpeak>::from_request_parts(parts, state).await?;
        let user = principal.user().ok_or_else(|| Problem::forbidden("only people speak"))?;
        Ok(Self { principal, user })
    }
}

/// Whoever wants to listen, also without an account. No service.
pub(super) struct Listening {
    /// Who they are, as far as it lets them see more than guests do.
    pub(super) principal: Option<Principal>,
    /// Why they see no more.
    limit: Option<AccessError>,
    /// Who they are.
    pub(super) user: Option<UserId>,
}

impl Listening {
    /// What is answered when there is no such event for them. Says the same whether there is one or not.
    pub(super) fn sees_none(self) -> Problem {
        self.limit.map_or_else(|| Problem::not_found("event"), Problem::from)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Listening
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let principal = <Principal as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        let Some(principal) = principal else {
            return Ok(Self { principal: None, limit: Some(AccessError::Missing), user: None });
        };
        let user = principal.user();
        if user.is_none() {
            return Err(Problem::forbidden("services do not listen; agents' tokens are at /agents/token"));
        }
        if principal.may(Permission::RoomsListen) {
            return Ok(Self { principal: Some(principal), limit: None, user });
        }
        Ok(Self { principal: None, limit: Some(AccessError::Forbidden(Permission::RoomsListen)), user })
    }
}

/// A service that may have agents' tokens. Never a person, whatever their permissions.
pub(super) struct AgentClient {
    pub(super) principal: Principal,
}

impl<S: Send + Sync> FromRequestParts<S> for AgentClient
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let May { principal, .. } = May::<may::AgentsToken>::from_request_parts(parts, state).await?;
        match principal.subject {
            Subject::Service(_) => Ok(Self { principal }),
            Subject::User(_) => Err(Problem::forbidden("only services get agents' tokens")),
        }
    }
}

/// A person with the permission `N`, or a service that manages rooms.
pub(super) struct Keeper<N> {
    pub(super) principal: Principal,
    needs: PhantomData<fn() -> N>,
}

impl<N: Needs, S: Send + Sync> FromRequestParts<S> for Keeper<N>
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let principal = <Principal as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let needed = match principal.subject {
            Subject::User(_) => N::PERMISSION,
            Subject::Service(_) => Permission::RoomsManage,
        };
        if principal.may(needed) {
            Ok(Self { principal, needs: PhantomData })
        } else {
            Err(AccessError::Forbidden(needed).into())
        }
    }
}
