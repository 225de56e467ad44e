//! Who asks, as arguments of handlers.

use std::{marker::PhantomData, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use super::{AccessError, Permission, Principal, Refusal, Verifier};
use crate::problem::Problem;

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
    needs: PhantomData<fn() -> N>,
}

impl<N: Needs> May<N> {
    /// `principal`, if it has the permission.
    pub fn check(principal: Principal) -> Result<Self, AccessError> {
        if principal.may(N::PERMISSION) {
            Ok(Self { principal, needs: PhantomData })
        } else {
            Err(AccessError::Forbidden(N::PERMISSION))
        }
    }
}

impl<N: Needs, S: Send + Sync> FromRequestParts<S> for May<N>
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let principal = <Principal as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(Self::check(principal)?)
    }
}

/// Any valid token. 401 without one.
impl<S: Send + Sync> FromRequestParts<S> for Principal
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = bearer_token(&parts.headers)?.ok_or(AccessError::Missing)?;
        Ok(Arc::<Verifier>::from_ref(state).verify(token).await?)
    }
}

/// No token, or a valid one. 401 when there is one and it is not valid.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Principal
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        let Some(token) = bearer_token(&parts.headers)? else { return Ok(None) };
        Ok(Some(Arc::<Verifier>::from_ref(state).verify(token).await?))
    }
}

/// The token of the header `Authorization: Bearer …` (RFC 6750, section 2.1); `None` without that header.
///
/// Errors: several such headers, another scheme, or no token in it.
pub fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, AccessError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::Header.into());
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Refusal::Header)?;
    let token = token.trim_start_matches(' ');
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Refusal::Header.into());
    }
    Ok(Some(token))
}
