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
        assert!(table.contains("data-table=\"contract_parties\""), "{table}");
        assert!(table.contains(" open") && !table.contains("hidden"), "the only one: {table}");
        // Its lines are lit too.
        let is_table = |it: &&&str| it.starts_with("g ") && it.contains("data-table");
        let lit = found.iter().find(is_table).unwrap();
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
        let measured = from_outside(375, "page.documentElement.scrollWidth");
        assert_eq!(measured, "375");
    }

    fn keys_go_to_the_search_and_change_the_size_of_the_picture() {
        let measured = from_outside(1000, KEYS);
        let parts: Vec<&str> = measured.split('|').collect();
        let [before, field, found, hits, after, larger, whole] = parts[..] else { panic!("{measured}") };
        assert_eq!((before, field), ("body", "find"), "a slash goes to the search");
        assert_eq!(found, "1 migration, 1 table");
        assert!(hits.parse::<u32>().unwrap() > 2, "rows of the history are found too: {hits}");
        assert_eq!(after, "", "Escape ends it");
        assert!(larger.ends_with(" %") && whole.ends_with(" %") && larger != whole, "{measured}");
    }
}

/// What a script finds out about the page that is not in it, for it runs none but its own: `page` is the document.
fn from_outside(width: u32, script: &str) -> String {
    let folder = TempDir::new().unwrap();
    let _kept = full(folder.path());
    let framed = folder.path().join("framed.html");
    let text = FRAME.replace("WIDTH", &width.to_string()).replace("SCRIPT", script);
    fs::write(&framed, text).unwrap();
    let flags = ["--allow-file-access-from-files", "--hide-scrollbars"];
    let opened = chromium::open_with(&framed, "", &flags);
    assert_eq!(opened.console, [""; 0]);
    between(&opened.dom, "data-measured=\"", "\"").to_owned()
}

const FRAME: &str = r#"<!doctype html><body><iframe src="report.html" width="WIDTH" height="800" style="border: 0"></iframe>
<script>
    const frame = document.querySelector('iframe');
    frame.addEventListener('load', () => {
        const page = frame.contentDocument;
        document.documentElement.dataset.measured = SCRIPT;
    });
</script>"#;

const KEYS: &str = r"(() => {
    const { KeyboardEvent, Event } = frame.contentWindow;
    const press = (element, key) => element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    const told = [page.activeElement.tagName.toLowerCase()];
    press(page.body, '/');
    const field = page.activeElement;
    told.push(field.id);
    field.value = 'Create_Iam';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    press(field, 'Escape');
    field.value = ' contract_parties';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.value = 'document';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    told.push(page.getElementById('found').textContent, page.documentElement.dataset.found);
    press(field, 'Escape');
    told.push(page.getElementById('found').textContent);
    const sheet = page.querySelector('.sheet');
    const size = page.querySelector('.tools output');
    press(sheet, '+');
    press(sheet, '+');
    told.push(size.textContent);
    press(sheet, '0');
    told.push(size.textContent);
    return told.join('|');
})()";
