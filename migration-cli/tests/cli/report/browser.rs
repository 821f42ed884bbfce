//! The page in a real browser, opened from disk: what a reader has who sees it.

use std::fs;
use std::path::Path;

use migration_tests::{chromium, in_chromium};
use tempfile::TempDir;

use super::{between, full};

/// Opens the page; whatever is said on the console is a mistake of ours.
#[track_caller]
fn open(page: &Path, hash: &str) -> String {
    let opened = chromium::open(page, hash);
    assert_eq!(opened.console, [""; 0]);
    assert!(opened.dom.contains("data-ready=\"yes\""), "the script has not come to its end");
    opened.dom
}

/// The beginnings of the elements that are marked as found.
fn hits(dom: &str) -> Vec<&str> {
    let tags = dom.split('<').filter_map(|it| Some(it.split_once('>')?.0));
    let is_hit = |it: &&str| {
        it.split("class=\"").nth(1).is_some_and(|it| {
            it.split('"').next().unwrap_or_default().split(' ').any(|it| it == "hit")
        })
    };
    tags.filter(is_hit).collect()
}

in_chromium! {
    fn the_page_opens_from_disk_without_a_complaint() {
        let folder = TempDir::new().unwrap();
        let _kept = full(folder.path());
        let dom = open(&folder.path().join("report.html"), "");
        assert!(!between(&dom, "<search", ">").contains("hidden"), "the search is there");
        assert_eq!(hits(&dom), [""; 0]);
    }

    fn what_is_looked_for_is_shown_and_the_rest_is_not() {
        let folder = TempDir::new().unwrap();
        let _kept = full(folder.path());
        let page = folder.path().join("report.html");
        let dom = open(&page, "#find=contract_parties");
        let found = hits(&dom);
        let table = found.iter().find(|it| it.starts_with("details ")).unwrap();
        assert!(table.contains("data-table=\"contract_parties\"") && !table.contains("hidden"), "{table}");
        let lit = found.iter().find(|it| it.starts_with("g ")).unwrap();
        assert!(lit.contains("data-table=\"contract_parties\""), "{found:?}");
        let hidden = dom.split("<details class=\"table\"").skip(1).filter(|it| {
            it.split('>').next().is_some_and(|it| it.contains("hidden"))
        });
        assert!(hidden.count() > 10);
        assert!(between(&dom, "id=\"found\"", "</output>").contains("1 table"));
        // A name that is no pattern, and one that nothing has.
        assert!(open(&page, "#find=(%5B*").contains("nothing found"));
        assert!(open(&page, "#find=%E0%A4%A").contains("nothing found"), "no encoding at all");
        assert!(open(&page, "#find=index_contracts").contains("1 migration"));
    }

    fn a_link_opens_what_it_leads_to() {
        let folder = TempDir::new().unwrap();
        let _kept = full(folder.path());
        let dom = open(&folder.path().join("report.html"), "#listed-public~2f~contracts");
        let table = between(&dom, "id=\"listed-public~2f~contracts\"", ">");
        assert!(table.contains("open"), "{table}");
    }

    fn it_is_printed_with_all_that_is_in_it_with_and_without_script() {
        let folder = TempDir::new().unwrap();
        let _kept = full(folder.path());
        let (page, plain) = (folder.path().join("report.html"), folder.path().join("plain.html"));
        let text = fs::read_to_string(&page).unwrap();
        let (before, script) = text.split_once("<script>").unwrap();
        fs::write(&plain, format!("{before}{}", script.split_once("</script>").unwrap().1)).unwrap();
        for page in [page, plain] {
            let file = page.with_extension("pdf");
            assert_eq!(chromium::print(&page, &file), [""; 0]);
            let printed = fs::read(&file).unwrap();
            assert!(printed.starts_with(b"%PDF-"));
            let pages = printed.windows(11).filter(|it| it == b"/Type /Page").count();
            assert!(pages > 15, "closed parts are on paper too: {pages} pages");
        }
    }

    fn a_telephone_has_to_scroll_in_one_direction_alone() {
        let folder = TempDir::new().unwrap();
        let _kept = full(folder.path());
        let (page, framed) = (folder.path().join("report.html"), folder.path().join("framed.html"));
        // The page itself runs no script but its own: another one measures it from outside.
        fs::write(&framed, MEASURE).unwrap();
        let flags = ["--allow-file-access-from-files", "--hide-scrollbars"];
        let opened = chromium::open_with(&framed, "", &flags);
        assert!(page.exists() && opened.console.is_empty(), "{:?}", opened.console);
        assert!(opened.dom.contains("data-width=\"375\""), "{}", opened.dom);
    }
}

const MEASURE: &str = r#"<!doctype html><body><iframe src="report.html" width="375" height="800" style="border: 0"></iframe>
<script>
    const frame = document.querySelector('iframe');
    frame.addEventListener('load', () => {
        document.documentElement.dataset.width = frame.contentDocument.documentElement.scrollWidth;
    });
</script>"#;
