//! Why an event was not changed, as a problem.

use common::{problem::Problem, service::etag::IfMatch};

use crate::domain::{EventState, Refusal};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoEvent => Self::not_found("event"),
            Refusal::NoChannel => Self::not_found("channel"),
            Refusal::NoAssignment => Self::not_found("assignment"),
            Refusal::Stale => IfMatch::failed(),
            Refusal::Invalid(mistakes) => Self::invalid(mistakes),
            Refusal::TooMany { what, limit } => {
                let detail = format!("there can be at most {limit} {what}");
                Self::conflict("limit_reached", detail).with("limit", limit)
            }
            Refusal::ChannelExists(channel_id) => {
                Self::conflict("channel_exists", format!("there is a channel {channel_id} already"))
            }
            Refusal::Live => Self::conflict("event_is_live", "not while the event is live: end it first"),
            Refusal::IllegalMove { from, to } => illegal_move(from, to),
            Refusal::TooManyLive { limit } => {
                let detail = format!("the customer may have {limit} live events at once, and has them");
                Self::conflict("too_many_live_events", detail).with("limit", limit)
            }
        }
    }
}

/// Says where the event is and where it may go, for people and for programs.
fn illegal_move(from: EventState, to: EventState) -> Problem {
    let legal: Vec<&str> = from.legal_moves().iter().map(|state| state.as_str()).collect();
    let may = if legal.is_empty() { "nowhere".to_owned() } else { legal.join(", ") };
    let detail = format!("the event is {from} and cannot become {to}; from {from} it may go to: {may}");
    Problem::conflict("illegal_state_change", detail).with("state", from.as_str()).with("legal_moves", legal)
}
