//! Answers, and the body that can stop half-way.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};

/// An answer of a service.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// `x-amz-crc32`, where the service sends it.
    pub crc32: Option<u32>,
    /// The body.
    pub body: Bytes,
}

/// Ends when a hang is over; the connection is broken then.
type Over = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The body of an answer.
pub struct AnswerBody {
    rest: Option<Bytes>,
    hang: Option<Over>,
}

impl Answer {
    /// The whole answer.
    pub fn whole(self) -> Response<AnswerBody> {
        let body = self.body.clone();
        self.response(body, None)
    }

    /// The headers and half of the body, then nothing until `over` ends; then the connection breaks.
    pub fn half(self, over: Over) -> Response<AnswerBody> {
        let half = self.body.slice(..self.body.len() / 2);
        self.response(half, Some(over))
    }

    fn response(self, sent: Bytes, hang: Option<Over>) -> Response<AnswerBody> {
        let id: String = std::iter::repeat_with(request_id_char).take(52).collect();
        let mut response = Response::builder()
            .status(self.status)
            .header("content-type", self.content_type)
            .header("content-length", self.body.len())
            .header("x-amzn-requestid", id);
        if let Some(crc32) = self.crc32 {
            response = response.header("x-amz-crc32", crc32);
        }
        let rest = Some(sent).filter(|sent| !sent.is_empty());
        response.body(AnswerBody { rest, hang }).expect("status and headers are valid")
    }
}

fn request_id_char() -> char {
    char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[fastrand::usize(..36)])
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(rest) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        match &mut self.hang {
            None => Poll::Ready(None),
            Some(over) => match over.as_mut().poll(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => Poll::Ready(Some(Err(io::Error::other("the hang is over")))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.hang.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.hang, &self.rest) {
            (Some(_), _) => SizeHint::default(),
            (None, Some(rest)) => SizeHint::with_exact(rest.len() as u64),
            (None, None) => SizeHint::with_exact(0),
        }
    }
}

/// Services answer every request; broken connections are the connection's matter.
pub type Served = Result<Response<AnswerBody>, Infallible>;
