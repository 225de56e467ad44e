//! What the directory's answers have in common.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{problem::Json, service::etag::ETag};
use serde::{Deserialize, Deserializer, Serialize};

/// 201 with the new thing, its version and its address.
///
/// The address is relative (RFC 9110, section 10.2.2): it holds under every prefix that a proxy or a version adds.
pub(crate) fn created<T: Serialize>(collection: &str, id: &str, version: i64, body: T) -> Response {
    let mut response = (StatusCode::CREATED, ETag(version), Json(body)).into_response();
    // Ids are of characters that a header and a path may have.
    if let Ok(address) = HeaderValue::from_str(&format!("{collection}/{id}")) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

/// A field that may be absent, and is not `null` unless `T` takes it.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
