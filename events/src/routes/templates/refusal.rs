//! Why a template was not changed, as a problem.

use common::{problem::Problem, service::etag::IfMatch};

use crate::persistence::TemplateRefusal;

impl From<TemplateRefusal> for Problem {
    fn from(refusal: TemplateRefusal) -> Self {
        match refusal {
            TemplateRefusal::NoTemplate => Self::not_found("template"),
            TemplateRefusal::Stale => IfMatch::failed(),
            TemplateRefusal::Refused(refusal) => refusal.into(),
        }
    }
}
