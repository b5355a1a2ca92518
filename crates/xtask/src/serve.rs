//! The server of the site: static files, faults on demand, and a place where pages post what came out, and ask for what only
//! their harness can do.
//!
//! One `Server` is one origin on 127.0.0.1. A second origin is a second `Server`. Everything a fault needs lies with the
//! origin, so a case that wants a clean one starts its own. It ends when it is dropped; an [`Apart`] then ends at once, with the
//! connections that it has open.

use std::collections::HashMap;
use std::fmt;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, LOCATION,
};
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

/// A canvas of some megapixels as PNG fits; a page that posts without end does not.
const LARGEST_BODY: usize = 64 << 20;

/// The page that a single-page host sends, with status 200, for whatever it does not have.
const HTML_INSTEAD: &str =
    "<!doctype html><html><title>Not what you asked for</title><body>index</body></html>";

/// How an origin answers, apart from faults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// COOP and COEP, which make its pages cross-origin isolated, those too that do not ask for it.
    pub(crate) isolated: bool,
    /// `Cache-Control: no-store`, so that every use of a file is a request.
    pub(crate) no_store: bool,
    /// Lets pages of other origins read it.
    pub(crate) cors: bool,
    /// More headers of every answer, as a content security policy.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// What goes wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An empty answer with this status.
    Status(StatusCode),
    /// The file, under a content type that is not its own.
    ContentType(HeaderValue),
    /// The file, under a content security policy of its own.
    Policy(HeaderValue),
    /// The file is elsewhere, at this URL.
    Redirect(HeaderValue),
    /// A page of HTML in place of the file, as single-page hosts send it.
    Html,
    /// The first half of the file, as if that were all.
    Truncated,
    /// No answer at all, and the connection stays open.
    Stalled,
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    /// Reads `html`, `truncated`, `stalled`, `status:404`, `type:text/plain`, `csp:default-src 'self'`, `redirect:http://..`.
    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.split_once(':') {
            None if text == "html" => Self::Html,
            None if text == "truncated" => Self::Truncated,
            None if text == "stalled" => Self::Stalled,
            Some(("status", status)) => Self::Status(status.parse()?),
            Some(("csp", policy)) => Self::Policy(policy.parse()?),
            Some(("redirect", url)) => Self::Redirect(url.parse()?),
            Some(("type", content_type)) => Self::ContentType(content_type.parse()?),
            _ => bail!("no such fault: {text}"),
        })
    }
}

/// A fault and the request, counted from 1 when the fault is set, from which on it shows.
#[derive(Debug)]
struct Planted {
    fault: Fault,
    from: u32,
    seen: u32,
}

#[derive(Debug)]
struct Origin {
    site: PathBuf,
    options: Options,
    faults: Mutex<HashMap<String, Planted>>,
    requests: Mutex<HashMap<String, u32>>,
    posted: Mutex<HashMap<String, Bytes>>,
    arrived: Notify,
    asks: mpsc::UnboundedSender<Ask>,
}

/// What a page asks its harness to do, by `GET /ask?what=..`: it is answered when that is done.
pub(crate) struct Ask {
    pub(crate) what: String,
    answer: oneshot::Sender<Result<&'static str>>,
}

impl Ask {
    pub(crate) fn answer(self, outcome: Result<()>) {
        self.say(outcome.map(|()| ""));
    }

    /// With a word for the page.
    pub(crate) fn say(self, outcome: Result<&'static str>) {
        // The page may be gone.
        let _ = self.answer.send(outcome);
    }
}

/// An origin that is being served.
pub(crate) struct Server {
    port: u16,
    origin: Arc<Origin>,
    asked: AsyncMutex<mpsc::UnboundedReceiver<Ask>>,
    serving: JoinHandle<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    /// Serves `site` on `port`, or on the next one that is free; 0 is any free port.
    pub(crate) async fn start(site: PathBuf, port: u16, options: Options) -> Result<Self> {
        let listener = listen(port).await?;
        let port = listener.local_addr()?.port();
        let (asks, asked) = mpsc::unbounded_channel();
        let origin = Arc::new(Origin {
            site,
            options,
            faults: Mutex::default(),
            requests: Mutex::default(),
            posted: Mutex::default(),
            arrived: Notify::new(),
            asks,
        });
        let router = Router::new()
            .route("/outcome/{id}", post(collect))
            .route("/canvas/{id}", post(collect))
            .route("/fault", get(plant))
            .route("/requests", get(count))
            .route("/ask", get(ask))
            .fallback(file)
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
            .layer(middleware::from_fn_with_state(origin.clone(), add_headers))
            .with_state(origin.clone());
        let serving = tokio::spawn(async move {
            // Ends only when the server is dropped; a connection that breaks is its page's affair.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            port,
            origin,
            asked: AsyncMutex::new(asked),
            serving,
        })
    }

    /// The next thing that a page asks for.
    pub(crate) async fn asked(&self) -> Ask {
        match self.asked.lock().await.recv().await {
            Some(ask) => ask,
            // The sender lies with the origin, which is ours.
            None => std::future::pending().await,
        }
    }

    /// The address of `path`, which begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// From the `from`th request on, counted from now, `path` fails so.
    pub(crate) fn plant(&self, path: &str, fault: Fault, from: u32) {
        self.origin.plant(path, Some(fault), from);
    }

    /// Waits for what a page posts to `path`, which is `/outcome/<id>` or `/canvas/<id>`.
    pub(crate) async fn posted(&self, path: &str, deadline: Duration) -> Result<Bytes> {
        let arrival = async {
            loop {
                // Made before looking, so that what arrives in between wakes it.
                let arrived = self.origin.arrived.notified();
                if let Some(body) = lock(&self.origin.posted).remove(path) {
                    return body;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(deadline, arrival)
            .await
            .with_context(|| {
                format!(
                    "the page posted nothing to {path} within {} s",
                    deadline.as_secs()
                )
            })
    }
}

/// An origin that is served on threads of its own, so that it can be stopped as if its process had ended: dropped, it takes its
/// connections along.
pub(crate) struct Apart {
    port: u16,
    runtime: Option<Runtime>,
    _server: Server,
}

impl Apart {
    /// As [`Server::start`], for a thread that may wait.
    pub(crate) async fn start(site: PathBuf, port: u16, options: Options) -> Result<Self> {
        let (tell, told) = oneshot::channel();
        // A runtime may not wait inside another.
        thread::spawn(move || {
            let started = Runtime::new()
                .map_err(anyhow::Error::from)
                .and_then(|runtime| {
                    let server = runtime.block_on(Server::start(site, port, options))?;
                    Ok((runtime, server))
                });
            let _ = tell.send(started);
        });
        let (runtime, server) = told.await.context("the server's thread ended")??;
        Ok(Self {
            port: server.port,
            runtime: Some(runtime),
            _server: server,
        })
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Origin {
    fn plant(&self, path: &str, fault: Option<Fault>, from: u32) {
        let mut faults = lock(&self.faults);
        match fault {
            Some(fault) => faults.insert(
                path.to_owned(),
                Planted {
                    fault,
                    from,
                    seen: 0,
                },
            ),
            None => faults.remove(path),
        };
    }

    /// Counts a request of `path` and says what goes wrong with it.
    fn fault(&self, path: &str) -> Option<Fault> {
        *lock(&self.requests).entry(path.to_owned()).or_default() += 1;
        let mut faults = lock(&self.faults);
        let planted = faults.get_mut(path)?;
        planted.seen += 1;
        (planted.seen >= planted.from).then(|| planted.fault.clone())
    }
}

/// What is under a lock here is whole between any two statements, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(port: u16) -> Result<TcpListener> {
    let last = if port == 0 {
        0
    } else {
        port.saturating_add(99)
    };
    for candidate in port..=last {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, candidate)).await {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            other => return other.with_context(|| format!("listening on 127.0.0.1:{candidate}")),
        }
    }
    bail!("ports {port} to {last} of 127.0.0.1 are all taken; choose another with --port")
}

async fn collect(State(origin): State<Arc<Origin>>, uri: Uri, body: Bytes) -> StatusCode {
    lock(&origin.posted).insert(uri.path().to_owned(), body);
    origin.arrived.notify_waiters();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct FaultQuery {
    path: String,
    /// As `Fault` reads it, or `off`.
    what: String,
    from: Option<u32>,
}

/// `GET /fault?path=/x.js&what=status:404&from=2`: lets a page spoil a file after it has loaded it.
async fn plant(State(origin): State<Arc<Origin>>, Query(query): Query<FaultQuery>) -> Response {
    let fault = match query.what.as_str() {
        "off" => None,
        what => match what.parse::<Fault>() {
            Ok(fault) => Some(fault),
            Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        },
    };
    origin.plant(&query.path, fault, query.from.unwrap_or(1));
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
struct AskQuery {
    what: String,
}

async fn ask(State(origin): State<Arc<Origin>>, Query(query): Query<AskQuery>) -> Response {
    let (answer, answered) = oneshot::channel();
    let what = query.what;
    let outcome = match origin.asks.send(Ask { what, answer }) {
        Ok(()) => answered
            .await
            .unwrap_or_else(|_| Err(anyhow!("nobody answers"))),
        Err(_) => Err(anyhow!("nobody hears it")),
    };
    match outcome {
        Ok("") => StatusCode::NO_CONTENT.into_response(),
        Ok(word) => word.into_response(),
        Err(error) => (StatusCode::NOT_IMPLEMENTED, format!("{error:#}")).into_response(),
    }
}

#[derive(Deserialize)]
struct RequestsQuery {
    path: String,
}

/// `GET /requests?path=/x.wasm`: how often a file was asked for, as text.
async fn count(State(origin): State<Arc<Origin>>, Query(query): Query<RequestsQuery>) -> String {
    lock(&origin.requests)
        .get(&query.path)
        .copied()
        .unwrap_or(0)
        .to_string()
}

async fn add_headers(State(origin): State<Arc<Origin>>, request: Request, next: Next) -> Response {
    let asked = request.uri().query().is_some_and(asks_for_isolation);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let options = &origin.options;
    if options.isolated || asked {
        headers.insert(
            "cross-origin-opener-policy",
            HeaderValue::from_static("same-origin"),
        );
        headers.insert(
            "cross-origin-embedder-policy",
            HeaderValue::from_static("require-corp"),
        );
    }
    if options.no_store {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if options.cors {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    for (name, value) in &options.headers {
        headers.insert(name, value.clone());
    }
    response
}

/// A page is isolated where its own query says `isolated`, so that one origin shows it both ways.
fn asks_for_isolation(query: &str) -> bool {
    query
        .split('&')
        .any(|pair| pair.split('=').next() == Some("isolated"))
}

async fn file(State(origin): State<Arc<Origin>>, uri: Uri) -> Response {
    let path = uri.path();
    let fault = origin.fault(path);
    match fault {
        Some(Fault::Status(status)) => return status.into_response(),
        Some(Fault::Redirect(url)) => {
            return (StatusCode::FOUND, [(LOCATION, url)]).into_response();
        }
        Some(Fault::Html) => return ([(CONTENT_TYPE, "text/html")], HTML_INSTEAD).into_response(),
        Some(Fault::Stalled) => std::future::pending().await,
        Some(Fault::ContentType(_) | Fault::Policy(_) | Fault::Truncated) | None => {}
    }
    let Some(mut name) = inside(&origin.site, path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if name.is_dir() {
        if !path.ends_with('/') {
            // Relative links count from the last slash.
            return (
                StatusCode::PERMANENT_REDIRECT,
                [(LOCATION, format!("{path}/"))],
            )
                .into_response();
        }
        name.push("index.html");
    }
    let Ok(mut contents) = tokio::fs::read(&name).await else {
        return (StatusCode::NOT_FOUND, format!("not here: {path}")).into_response();
    };
    let mut content_type = HeaderValue::from_static(content_type(&name));
    let mut policy = None;
    match fault {
        Some(Fault::ContentType(other)) => content_type = other,
        Some(Fault::Policy(own)) => policy = Some((CONTENT_SECURITY_POLICY, own)),
        Some(Fault::Truncated) => contents.truncate(contents.len() / 2),
        _ => {}
    }
    let mut response = ([(CONTENT_TYPE, content_type)], Body::from(contents)).into_response();
    response.headers_mut().extend(policy);
    response
}

/// The file that a path of a URL names, if it names one inside the site. Names in the site need no escapes.
fn inside(site: &Path, path: &str) -> Option<PathBuf> {
    let relative = Path::new(path.trim_start_matches('/'));
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    plain.then(|| site.join(relative))
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        // So that a browser shows them.
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_site_name_nothing() {
        let site = Path::new("/site");
        assert_eq!(inside(site, "/a/b.js"), Some(PathBuf::from("/site/a/b.js")));
        assert_eq!(inside(site, "/"), Some(PathBuf::from("/site")));
        assert_eq!(inside(site, "/../secret"), None);
        assert_eq!(inside(site, "/a/../../secret"), None);
    }

    #[test]
    fn a_page_asks_for_isolation_by_its_query() {
        for query in ["isolated", "isolated=", "workers=2&isolated=&fabric=post"] {
            assert!(asks_for_isolation(query), "{query}");
        }
        for query in ["", "not-isolated", "fabric=isolated"] {
            assert!(!asks_for_isolation(query), "{query}");
        }
    }

    #[test]
    fn faults_are_read_as_they_are_written_in_queries() {
        assert_eq!(
            "status:404".parse::<Fault>().unwrap(),
            Fault::Status(StatusCode::NOT_FOUND)
        );
        assert_eq!("html".parse::<Fault>().unwrap(), Fault::Html);
        assert!("status:banana".parse::<Fault>().is_err());
        assert!("nothing".parse::<Fault>().is_err());
    }

    #[tokio::test]
    async fn a_fault_shows_from_its_request_on_and_what_is_posted_is_awaited() {
        let site = tempfile::tempdir().unwrap();
        std::fs::write(site.path().join("a.js"), "1234").unwrap();
        let server = Server::start(site.path().to_owned(), 0, Options::default())
            .await
            .unwrap();
        server.plant("/a.js", Fault::Truncated, 2);
        assert!(get(&server, "GET", "/a.js").await.ends_with("\r\n\r\n1234"));
        assert!(get(&server, "GET", "/a.js").await.ends_with("\r\n\r\n12"));
        assert!(
            get(&server, "GET", "/requests?path=/a.js")
                .await
                .ends_with("\r\n\r\n2")
        );

        let (posted, _) = tokio::join!(
            server.posted("/outcome/x", Duration::from_secs(10)),
            get(&server, "POST", "/outcome/x"),
        );
        assert_eq!(&posted.unwrap()[..], b"");
        assert!(server.posted("/outcome/x", Duration::ZERO).await.is_err());
    }

    async fn get(server: &Server, method: &str, path: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, server.port))
            .await
            .unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}
