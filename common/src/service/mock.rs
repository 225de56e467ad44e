//! Mock mode: the API without the service, for those who write clients.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use serde_json::Value;

use super::openapi::Document;

/// Set on every canned answer.
const HEADER: HeaderName = HeaderName::from_static("x-ilenia-mock");

/// Answers each operation with the example of its first success. Nothing is checked and nothing is kept.
pub fn router(document: &Document) -> Router {
    let mut router = Router::new();
    for (path, method, operation) in document.operations() {
        let filter = method.parse::<Method>().ok().and_then(|method| MethodFilter::try_from(method).ok());
        let (Some(filter), Some(answer)) = (filter, Answer::of(document, operation)) else { continue };
        router = router.route(path, on(filter, move || std::future::ready(answer.clone().into_response())));
    }
    router
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    content: Option<(HeaderValue, String)>,
}

impl Answer {
    fn of(document: &Document, operation: &Value) -> Option<Self> {
        let responses = operation["responses"].as_object()?;
        let success =
            responses.iter().filter_map(|(status, response)| Some((status.parse::<u16>().ok()?, response)));
        let (status, response) =
            success.filter(|(status, _)| (200..300).contains(status)).min_by_key(|(status, _)| *status)?;
        let content = response["content"].as_object().and_then(|content| content.iter().next());
        let content = content.and_then(|(media_type, content)| {
            let example = document.example_of(content)?;
            let text = example.as_str().filter(|_| !media_type.contains("json")).map(str::to_owned);
            Some((HeaderValue::from_str(media_type).ok()?, text.unwrap_or_else(|| example.to_string())))
        });
        Some(Self { status: StatusCode::from_u16(status).ok()?, content })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some((media_type, body)) = self.content {
            *response.body_mut() = body.into();
            response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        }
        response.headers_mut().insert(HEADER, HeaderValue::from_static("true"));
        response
    }
}
