"""A small Hugging Face Hub on loopback, for the real client: its HTTP API, LFS, a CDN on another port, and faults.

    HEAD|GET  /{repo}/resolve/{revision}/{path}        small files: 307 to a cache path; large ones: 302 to the CDN
    GET       /api/models/{repo}/revision/{revision}   commit, private, gated
    GET       /api/models/{repo}/tree/{revision}       listing with git and LFS digests
    POST      /api/models/{repo}/paths-info/{revision} the same for some files
    POST      /api/repos/create  /api/validate-yaml  /api/models/{repo}/{branch,preupload,commit}/{revision}
    POST      /{repo}.git/info/lfs/objects/batch       upload to the CDN, then /{repo}.git/info/lfs/verify

Status codes, headers and error codes are those of huggingface.co: who sends no token cannot tell what is private from
what is not there (401), a gated repository shows its listing but not its files, and a revision may be the beginning of
a commit. Files from `LFS_BYTES` on are large; the CDN serves them to anybody, in ranges (206, 416).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import yaml

TOKEN = "hf_owner"  # of the user `owner`, who may read everything and write to what is theirs
STRANGER = "hf_stranger"  # of a user who owns nothing and was granted nothing
LFS_BYTES = 4096
LICENCES = ("apache-2.0", "mit", "cc-by-4.0", "cc0-1.0", "other")


def git_oid(content: bytes) -> str:
    """The object id that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Repo:
    """A repository: its commits, oldest first, and what branches and tags point to."""

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Adds files to a branch; the new commit."""
        content = self.commits.get(self.refs.get(branch, ""), {}) | dict(files)
        facts = [branch, len(self.commits), sorted((name, git_oid(data)) for name, data in content.items())]
        oid = hashlib.sha1(json.dumps(facts).encode()).hexdigest()
        self.commits[oid] = content
        self.refs[branch] = oid
        return oid

    def find(self, revision: str) -> str | None:
        """The commit that a branch, a tag, a commit or the beginning of one means."""
        if revision in self.refs:
            return self.refs[revision]
        found = [oid for oid in self.commits if len(revision) >= 7 and oid.startswith(revision)]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class Request:
    """What a server was asked."""

    server: str  # "hub" or "cdn"
    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class LocalHub:
    """The server, running while the `with` block does.

    Attributes:
        endpoint: for HF_ENDPOINT.
        repos: by `owner/name`.
        requests: all that came, in order.
        statuses: faults: (regular expression for method and path, status to answer with), first match wins.
        cut_after: the CDN closes the connection after each of these many bytes of a body, once each.
        refuse_ranges: the CDN answers 416 to every range.
        spoiled: the CDN sends other bytes than it should, as many as it should.
        shortened: the CDN has lost the last byte of every file.
    """

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.uploads: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.statuses: list[tuple[str, int]] = []
        self.cut_after: list[int] = []
        self.refuse_ranges = False
        self.spoiled = False
        self.shortened = False
        self._servers = {name: ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, name)) for name in ("hub", "cdn")}
        self.endpoint, self.cdn = (f"http://127.0.0.1:{s.server_address[1]}" for s in self._servers.values())

    def __enter__(self) -> LocalHub:
        for server in self._servers.values():
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def asked(self, pattern: str, server: str = "hub") -> list[Request]:
        """Requests whose method and path match a regular expression."""
        return [r for r in self.requests if r.server == server and re.search(pattern, f"{r.method} {r.path}")]

    # ------------------------------------------------------------------------------------------------ answers

    def answer(self, request: Request, body: bytes) -> Answer:
        """What the Hub says to a request."""
        for pattern, status in self.statuses:
            if re.search(pattern, f"{request.method} {request.path}"):
                return Answer(status, b"as the test asked")
        path = urlsplit(request.path).path
        for route, answer in _ROUTES:
            if match := re.fullmatch(route, f"{request.method} {path}"):
                return answer(self, request, body, *map(unquote, match.groups()))
        return _error(404, None, "Sorry, we can't find the page you are looking for.")

    def serve(self, request: Request, body: bytes) -> Answer:
        """What the CDN says to a request."""
        digest = urlsplit(request.path).path.rpartition("/")[2]
        if request.method == "PUT":
            if hashlib.sha256(body).hexdigest() != digest:
                return Answer(400, b"this is not what was announced")
            self.uploads[digest] = body
            return Answer(200)
        files = (data for repo in self.repos.values() for commit in repo.commits.values() for data in commit.values())
        content = next((data for data in files if hashlib.sha256(data).hexdigest() == digest), None)
        if content is None:
            return Answer(404)
        if self.spoiled:
            content = content[:-1] + bytes([content[-1] ^ 1])
        if self.shortened:
            content = content[:-1]
        wanted = request.headers.get("range")
        if wanted and self.refuse_ranges:
            return Answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        return _in_range(content, wanted)

    def allowed(self, request: Request, name: str, *, files: bool = False) -> Repo | Answer:
        """The repository that a request may read, or why it may not."""
        if request.token not in (None, TOKEN, STRANGER):
            return _error(401, None, "Invalid credentials in Authorization header")
        repo = self.repos.get(name)
        if repo is None or (repo.private and request.token != TOKEN):
            if request.token is None:
                return _error(401, None, "Invalid username or password.")
            return _error(404, "RepoNotFound", "Repository not found")
        if files and repo.gated and request.token != TOKEN:
            status = 401 if request.token is None else 403
            return _error(status, "GatedRepo", f"Access to model {name} is restricted.")
        return repo

    def may_write(self, request: Request, name: str) -> Answer | None:
        """None, or why the request may not write to a repository, or make it."""
        if request.token is None:
            return _error(401, None, "Invalid username or password.")
        if request.token not in (TOKEN, STRANGER):
            return _error(401, None, "Invalid credentials in Authorization header")
        if request.token != TOKEN or not name.startswith("owner/"):
            return _error(403, None, f"You don't have the rights to write to {name}")
        return None

    def at(self, request: Request, name: str, revision: str, *, files: bool = False) -> tuple[Repo, str] | Answer:
        """A repository and one of its commits, or why the request may not have them."""
        repo = self.allowed(request, name, files=files)
        if isinstance(repo, Answer):
            return repo
        commit = repo.find(revision)
        return (repo, commit) if commit else _error(404, "RevisionNotFound", f"Invalid rev id: {revision}")

    def info(self, request: Request, _: bytes, name: str, revision: str = "main") -> Answer:
        found = self.at(request, name, revision)
        if isinstance(found, Answer):
            return found
        repo, commit = found
        siblings = [{"rfilename": path} for path in repo.commits[commit]]
        facts = {"private": repo.private, "gated": "manual" if repo.gated else False, "siblings": siblings}
        return _json(facts | {"id": name, "modelId": name, "sha": commit, "tags": [], "downloads": 0, "likes": 0})

    def tree(self, request: Request, body: bytes, name: str, revision: str) -> Answer:
        found = self.at(request, name, revision)
        if isinstance(found, Answer):
            return found
        repo, commit = found
        wanted = parse_qs(body.decode()).get("paths", list(repo.commits[commit]))
        return _json([_listed(path, data) for path, data in repo.commits[commit].items() if path in wanted])

    def file(self, request: Request, _: bytes, name: str, revision: str, path: str) -> Answer:
        found = self.at(request, name, revision, files=True)
        if isinstance(found, Answer):
            return found
        repo, commit = found
        content = repo.commits[commit].get(path)
        headers = {"X-Repo-Commit": commit}
        if content is None:
            return _error(404, "EntryNotFound", "Entry not found", headers)
        if len(content) >= LFS_BYTES:
            digest = hashlib.sha256(content).hexdigest()
            linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
            return Answer(302, b"Found", headers | linked | {"Location": f"{self.cdn}/repos/{digest}"})
        headers |= {"ETag": f'"{git_oid(content)}"'}
        if "/resolve-cache/" not in request.path:
            return Answer(307, b"", headers | {"Location": f"/api/resolve-cache/models/{name}/{commit}/{quote(path)}"})
        return Answer(200, content, headers)

    def create(self, request: Request, body: bytes) -> Answer:
        wanted = json.loads(body)
        name = f"{wanted.get('organization') or 'owner'}/{wanted['name']}"
        if refusal := self.may_write(request, name):
            return refusal
        if name in self.repos:
            return _error(409, None, "You already created this model repo", body=json.dumps({"url": self._url(name)}))
        private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
        self.repos[name] = Repo(private=private)
        self.repos[name].commit({".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"})
        return _json({"url": self._url(name)})

    def branch(self, request: Request, _: bytes, name: str, branch: str) -> Answer:
        if refusal := self.may_write(request, name):
            return refusal
        repo = self.repos[name]
        if branch in repo.refs:
            return _error(409, None, "Reference already exists")
        repo.refs[branch] = repo.refs["main"]
        return Answer(201)

    def preupload(self, request: Request, body: bytes, name: str, revision: str) -> Answer:
        found = self.may_write(request, name) or self.at(request, name, revision)
        if isinstance(found, Answer):
            return found
        repo, commit = found
        answers = []
        for file in json.loads(body)["files"]:
            mode = "lfs" if file["size"] >= LFS_BYTES else "regular"
            there = repo.commits[commit].get(file["path"])
            oid = None if there is None else git_oid(there)
            answers.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return _json({"files": answers})

    def batch(self, request: Request, body: bytes, name: str) -> Answer:
        if refusal := self.may_write(request, name):
            return refusal
        objects: list[dict[str, Any]] = []
        for wanted in json.loads(body)["objects"]:
            upload = {"href": f"{self.cdn}/uploads/{wanted['oid']}", "header": {}}
            actions = {"upload": upload, "verify": {"href": f"{self.endpoint}/{name}.git/info/lfs/verify"}}
            there = wanted["oid"] in self.uploads
            objects.append({"oid": wanted["oid"], "size": wanted["size"]} | ({} if there else {"actions": actions}))
        return _json({"transfer": "basic", "objects": objects})

    def verify(self, request: Request, body: bytes, name: str) -> Answer:
        wanted = json.loads(body)
        there = self.uploads.get(wanted["oid"])
        return Answer(200 if there is not None and len(there) == wanted["size"] else 404)

    def add_commit(self, request: Request, body: bytes, name: str, branch: str) -> Answer:
        if refusal := self.may_write(request, name):
            return refusal
        files = {}
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.uploads:
                    return _error(400, None, f"LFS pointer to an object that is not there: {value['path']}")
                files[value["path"]] = self.uploads[value["oid"]]
        oid = self.repos[name].commit(files, branch)
        return _json({"success": True, "commitOid": oid, "commitUrl": f"{self._url(name)}/commit/{oid}"})

    def validate_card(self, request: Request, body: bytes) -> Answer:
        errors = card_errors(json.loads(body)["content"])
        if not errors:
            return _json({"errors": [], "warnings": []})
        if "json" in request.headers.get("accept", "json") or request.headers.get("accept") == "*/*":
            listed = json.dumps({"errors": [{"message": error} for error in errors], "warnings": []})
            return _error(400, None, "Invalid metadata", body=listed)
        return _error(400, None, "Invalid metadata", body="\n".join(errors))

    def _url(self, name: str) -> str:
        return f"{self.endpoint}/{name}"


def card_errors(content: str) -> list[str]:
    """What the Hub finds wrong with the metadata of a model card."""
    match = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
    if match is None:
        return ["there is no metadata"]
    try:
        data = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        return [f"the metadata is no YAML: {error}"]
    errors = []
    if data.get("license") not in LICENCES:
        errors.append(f'"license" must be one of {", ".join(LICENCES)}')
    if data.get("license") == "other" and not re.fullmatch(r"[a-z0-9.-]+", str(data.get("license_name"))):
        errors.append('"license_name" must be given beside "other", in lower case')
    if not isinstance(data.get("library_name", ""), str):
        errors.append('"library_name" must be a string')
    tags = data.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        errors.append('"tags" must be a list of strings')
    return errors


_MODEL = "/api/models/([^/]+/[^/]+)"
_ROUTES: tuple[tuple[str, Callable[..., Answer]], ...] = (
    (rf"GET {_MODEL}", LocalHub.info),
    (rf"GET {_MODEL}/revision/([^/]+)", LocalHub.info),
    (rf"GET {_MODEL}/tree/([^/]+)", LocalHub.tree),
    (rf"POST {_MODEL}/paths-info/([^/]+)", LocalHub.tree),
    (rf"POST {_MODEL}/branch/([^/]+)", LocalHub.branch),
    (rf"POST {_MODEL}/preupload/([^/]+)", LocalHub.preupload),
    (rf"POST {_MODEL}/commit/([^/]+)", LocalHub.add_commit),
    (r"POST /api/repos/create", LocalHub.create),
    (r"POST /api/validate-yaml", LocalHub.validate_card),
    (r"(?:GET|HEAD) /api/resolve-cache/models/([^/]+/[^/]+)/([^/]+)/(.+)", LocalHub.file),
    (r"(?:GET|HEAD) /([^/]+/[^/]+)/resolve/([^/]+)/(.+)", LocalHub.file),
    (r"POST /([^/]+/[^/]+)\.git/info/lfs/objects/batch", LocalHub.batch),
    (r"POST /([^/]+/[^/]+)\.git/info/lfs/verify", LocalHub.verify),
)


def _listed(path: str, content: bytes) -> dict[str, Any]:
    """A file as the listing of a commit has it."""
    facts: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": git_oid(content)}
    if len(content) >= LFS_BYTES:
        digest = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n".encode()
        facts["oid"] = git_oid(pointer)
        facts["lfs"] = {"oid": digest, "size": len(content), "pointerSize": len(pointer)}
    return facts


def _in_range(content: bytes, wanted: str | None) -> Answer:
    """All of it, or the range `bytes=first-`."""
    headers = {"ETag": f'"{hashlib.md5(content).hexdigest()}"', "Accept-Ranges": "bytes"}
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
    if match is None:
        return Answer(200, content, headers)
    first, last = int(match[1]), int(match[2] or len(content) - 1)
    if first >= len(content):
        return Answer(416, b"", headers | {"Content-Range": f"bytes */{len(content)}"})
    part = content[first : last + 1]
    return Answer(206, part, headers | {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(content)}"})


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _error(
    status: int, code: str | None, message: str, headers: Mapping[str, str] | None = None, body: str | None = None
) -> Answer:
    said = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
    content = json.dumps({"error": message}) if body is None else body
    return Answer(status, content.encode(), dict(headers or {}) | said | {"Content-Type": "application/json"})


def _handler(hub: LocalHub, name: str) -> type[BaseHTTPRequestHandler]:
    """A request handler for one of the two servers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = Request(name, self.command, self.path, headers)
            hub.requests.append(request)
            answer = hub.answer(request, body) if name == "hub" else hub.serve(request, body)
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            if name == "cdn" and self.command == "GET" and hub.cut_after:
                self.wfile.write(answer.body[: hub.cut_after.pop(0)])
                self.close_connection = True
                return
            self.wfile.write(answer.body)

        def __getattr__(self, attribute: str) -> Any:
            if attribute.startswith("do_"):  # do_GET, do_HEAD, do_POST, do_PUT
                return self.do
            raise AttributeError(attribute)

        def log_message(self, *words: object) -> None:
            """Keeps quiet."""

    return Handler
