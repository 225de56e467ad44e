//! Bodies, paths and queries whose mistakes are problems.

use axum::{
    RequestExt as _,
    body::HttpBody as _,
    extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{FieldError, Problem};

/// A JSON body, in both directions. Mistakes: 400 `invalid_json`, 413, 415, 422 `invalid_body` with the field.
///
/// Put it last among a handler's arguments, after whoever asks: authorisation comes before the body.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_media_type(request.headers(), |essence| {
            essence == "application/json"
                || (essence.starts_with("application/") && essence.ends_with("+json"))
        }) {
            return Err(unsupported("application/json"));
        }
        read(&read_body(request).await?).map(Self)
    }
}

/// The same, or no body at all.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let (parts, body) = request.into_parts();
        if body.is_end_stream() {
            return Ok(None);
        }
        let request = Request::from_parts(parts, body);
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let not_json = |cause: &serde_json::Error| {
        Problem::bad_request("invalid_json", format!("the body is not JSON: {cause}"))
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        if cause.is_data() {
            let field = if path == "." { String::new() } else { path };
            Problem::invalid(vec![FieldError::new(field, without_position(&cause))])
        } else {
            not_json(&cause)
        }
    })?;
    reader.end().map_err(|cause| not_json(&cause))?;
    Ok(value)
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The parameters of the path. Mistakes: 400 `invalid_path`.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_server_error() => Err(Problem::internal(&rejection)),
            Err(rejection) => Err(Problem::bad_request("invalid_path", rejection.body_text())),
        }
    }
}

/// The query. Mistakes: 400 `invalid_query`.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let uri: &Uri = &parts.uri;
        let value = axum::extract::Query::try_from_uri(uri)
            .map_err(|rejection| Problem::bad_request("invalid_query", rejection.body_text()))?;
        Ok(Self(value.0))
    }
}

/// A body of `application/x-www-form-urlencoded`. Mistakes: 400 `invalid_form`, 413, 415.
#[derive(Clone, Copy, Debug)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        const FORM: &str = "application/x-www-form-urlencoded";
        if !is_media_type(request.headers(), |essence| essence == FORM) {
            return Err(unsupported(FORM));
        }
        let body = read_body(request).await?;
        let pairs = url::form_urlencoded::parse(&body);
        let reader = serde::de::value::MapDeserializer::<_, serde::de::value::Error>::new(pairs);
        T::deserialize(reader)
            .map(Self)
            .map_err(|error| Problem::bad_request("invalid_form", error.to_string()))
    }
}

/// The body as it is, for operations that have to see it before it is read as anything. Mistakes: 400 `incomplete_body`, 413.
pub async fn read_body(request: Request) -> Result<Bytes, Problem> {
    request.extract::<Bytes, _>().await.map_err(|rejection: BytesRejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "the body is larger than this service takes",
            )
        } else {
            Problem::bad_request("incomplete_body", "the body ended early")
        }
    })
}

fn unsupported(expected: &'static str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", format!("send {expected}"))
}

fn is_media_type(headers: &HeaderMap, is: impl FnOnce(&str) -> bool) -> bool {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = named.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| is(&essence.to_ascii_lowercase()))
}

/// `serde_json` adds a line and a column, which mean little in a body that a program made.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rfind(" at line ").map_or(text.clone(), |at| text[..at].to_owned())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn taken(request: Request) -> Result<Option<u32>, u16> {
        let taken = <Json<u32> as OptionalFromRequest<()>>::from_request(request, &()).await;
        taken.map(|json| json.map(|Json(number)| number)).map_err(|problem| problem.status().as_u16())
    }

    #[tokio::test]
    async fn an_optional_body_is_absent_or_right() {
        let json = |body: &'static str| {
            let request = Request::builder().header(header::CONTENT_TYPE, "application/json");
            request.body(Body::from(body)).expect("a request")
        };
        assert_eq!(taken(Request::new(Body::empty())).await, Ok(None));
        assert_eq!(taken(json("")).await, Ok(None));
        assert_eq!(taken(json("7")).await, Ok(Some(7)));
        assert_eq!(taken(json("x")).await, Err(400));
        assert_eq!(taken(json("-7")).await, Err(422));
        assert_eq!(taken(Request::new(Body::from("7"))).await, Err(415));
    }
}
