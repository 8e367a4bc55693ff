//! The page's own files, which are in the binary.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// A file of the page.
#[derive(Clone, Copy)]
pub(crate) struct PageFile {
    pub(crate) name: &'static str,
    kind: &'static str,
    pub(crate) bytes: &'static [u8],
}

/// The HTML of the page.
pub(crate) const INDEX: PageFile = PageFile {
    name: "index.html",
    kind: "text/html; charset=utf-8",
    bytes: include_bytes!("../page/index.html"),
};

/// The files that the page loads.
pub(crate) const FILES: [PageFile; 9] = [
    style("style.css", include_bytes!("../page/style.css")),
    style("uPlot.min.css", include_bytes!("../page/uplot/uPlot.min.css")),
    script("uPlot.iife.min.js", include_bytes!("../page/uplot/uPlot.iife.min.js")),
    script("words.js", include_bytes!("../page/words.js")),
    script("plots.js", include_bytes!("../page/plots.js")),
    script("list.js", include_bytes!("../page/list.js")),
    script("job.js", include_bytes!("../page/job.js")),
    script("page.js", include_bytes!("../page/page.js")),
    PageFile { name: "icon.svg", kind: "image/svg+xml", bytes: include_bytes!("../page/icon.svg") },
];

/// The licence of the library that draws the plots.
pub(crate) const LICENCE: PageFile = PageFile {
    name: "uPlot.LICENSE",
    kind: "text/plain; charset=utf-8",
    bytes: include_bytes!("../page/uplot/LICENSE"),
};

const fn style(name: &'static str, bytes: &'static [u8]) -> PageFile {
    PageFile { name, kind: "text/css; charset=utf-8", bytes }
}

const fn script(name: &'static str, bytes: &'static [u8]) -> PageFile {
    PageFile { name, kind: "text/javascript; charset=utf-8", bytes }
}

impl IntoResponse for PageFile {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, self.kind)], self.bytes).into_response()
    }
}
