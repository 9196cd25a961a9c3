//! A connection that can become TLS on the way.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

/// What the driver needs of a transport: TCP and Unix sockets have it.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Wire for T {}

/// Clear text, TLS, or nothing while one becomes the other.
pub(crate) enum Connection<S> {
    Clear(S),
    Tls(Box<TlsStream<S>>),
    Between,
}

fn between() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the TLS handshake did not finish")
}

impl<S> Connection<S> {
    /// Takes the clear-text transport out, for the handshake.
    pub(crate) fn take_clear(&mut self) -> Option<S> {
        match std::mem::replace(self, Self::Between) {
            Self::Clear(stream) => Some(stream),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Version and cipher, for the Received field and the transcript.
    pub(crate) fn tls_remark(&self) -> Option<String> {
        let Self::Tls(stream) = self else { return None };
        let connection = &stream.get_ref().1;
        let version = connection.protocol_version().and_then(|version| version.as_str().map(str::to_owned));
        let cipher = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        Some(format!(
            "{} {}",
            version.unwrap_or_default().replace("TLSv1_", "TLSv1."),
            cipher.unwrap_or_default()
        ))
    }
}

impl<S: Wire> AsyncRead for Connection<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Between => Poll::Ready(Err(between())),
        }
    }
}

impl<S: Wire> AsyncWrite for Connection<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Between => Poll::Ready(Err(between())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Between => Poll::Ready(Err(between())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Between => Poll::Ready(Err(between())),
        }
    }
}
