"""The model: one storage as the specifications describe it, and what each request must come to.

It is told every request and its answer, says what is wrong with the answer, and moves on. Where the specifications
leave a choice, REQUIREMENTS section 17 and docs/decisions say which one was made; where none was made, more than one
answer is right. It shares no code with the server.

Spec: Solid Protocol; WAC; LDP; RFC 9110 s13.2.1 (order: access, target, preconditions, content)
"""

from __future__ import annotations

from itertools import count

from tests.model.model_access import APPEND, CONTROL, READ, WRITE, Access, Language
from tests.model.model_answers import Answers, allowed, variant_of
from tests.model.model_http import Tags, Verdict, acceptable, evaluate
from tests.model.model_paths import ACL, DESCRIPTION, above, is_auxiliary, is_reserved, parent_of, subject_of, twin_of
from tests.model.model_rdf import NOTHING, TURTLE, is_rdf
from tests.model.model_values import CONTAINER, RDF_SOURCE, Answer, Outcome, Refused, Request, Resource, Triples, wrong
from tests.model.model_writes import Writes, wants_container

LDP = "http://www.w3.org/ns/ldp#"
INBOX = "inbox/"
ANY_REFUSAL = range(400, 500)


class Model:
    """One storage. `base_url` and `root` (`/alice/`) say where; `protected` are the documents that hold WebIDs, and
    `language` is that of its access rules.
    """

    def __init__(self, base_url: str, root: str, owner: str, protected: frozenset[str], language: Language) -> None:
        self.base_url = base_url
        self.root = root
        self.resources: dict[str, Resource] = {}
        self.serials = count(1)
        self.tags = Tags()
        self.access = Access(self.resources, root, owner, self.url, language)
        self.answers = Answers(self)
        self.writes = Writes(self, protected)
        self.open: frozenset[int] = frozenset()

    def url(self, path: str) -> str:
        return self.base_url + path[1:]

    def know(self, path: str, said: Triples | None, modified: int | None) -> None:
        """Something that exists from the beginning: a container (None), or a document that says this, in Turtle."""
        kind = CONTAINER if said is None else RDF_SOURCE
        self.resources[path] = Resource(kind, TURTLE, next(self.serials), said or NOTHING, modified=modified)

    def judge(self, request: Request, answer: Answer) -> list[str]:
        """What is wrong with an answer, in words; then the world is as it says, if nothing is."""
        outcome = self.expect(request)
        if answer.status not in outcome.statuses:
            expected = " or ".join(map(str, sorted(outcome.statuses)))
            return [f"status {answer.status}, expected {expected}"]
        found = self.answers.of_any(request, answer)
        success = outcome.successes.get(answer.status)
        if success is None:
            return found + self.answers.of_refusal(request, answer)
        return found + success(answer)

    def expect(self, request: Request) -> Outcome:
        malformed = _malformed(request)
        self.open = frozenset()
        if is_reserved(request.path, self.root):
            return Outcome(refusals=frozenset(ANY_REFUSAL if request.method != "GET" else {400, 401, 403, 404}))
        try:
            outcome = self._outcome(request)
        except Refused as refused:
            return Outcome(refusals=refused.statuses | malformed | self.open)
        if malformed:
            return Outcome(refusals=malformed)
        return Outcome(outcome.successes, outcome.refusals | self.open)

    def _outcome(self, request: Request) -> Outcome:
        verb = {
            "GET": self._get,
            "HEAD": self._get,
            "OPTIONS": self._options,
            "PUT": self._put,
            "POST": self._post,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }[request.method]
        return verb(request)

    # -- access ----------------------------------------------------------------------------------------------------

    def _need(self, request: Request, path: str, *modes: str, missing: bool = False) -> None:
        """Raises: Refused -- 401 to nobody, 403 to somebody; 404 to readers where nothing is (section 17, row 3)"""
        granted = self.access.modes(path, request.by)
        if granted.issuperset(modes):
            return
        if missing and READ in granted:
            raise Refused(404)
        raise Refused(401 if request.by.agent is None else 403)

    def _need_control(self, request: Request) -> bool:
        """Whether this is an ACL; then Control of its subject is all that counts. Spec: #server-control-operation"""
        if not request.path.endswith(ACL):
            return False
        self._need(request, subject_of(request.path), CONTROL)
        return True

    def _need_room(self, request: Request, modes: set[str]) -> None:
        """To create: on what is made, on each container made for it, and on the one that is there (row 5)."""
        path = request.path
        self._need(request, subject_of(path), *modes, missing=APPEND not in modes)
        for container in above(path, self.root) if not is_auxiliary(path) else ():
            self._need(request, container, APPEND)
            if container in self.resources:
                break

    def _describes_inbox(self, request: Request) -> bool:
        """What an inbox says of itself is not for those who may only leave something in it (decision 18)."""
        return request.path == self.root + INBOX + DESCRIPTION

    # -- the target ------------------------------------------------------------------------------------------------

    def _check_creatable(self, path: str) -> None:
        """Spec: Solid #server-uri-trailing-slash-distinct; auxiliary resources belong to something"""
        if is_auxiliary(path):
            if subject_of(path) not in self.resources:
                raise Refused(404)
            return
        for each in (path, *above(path, self.root)):
            if each != self.root and twin_of(each) in self.resources:
                raise Refused(409)

    def _check_model(self, request: Request) -> None:
        """Spec: LDP 5.2.3.4 -- the interaction model asked for, or a refusal."""
        link = request.header("Link") or ""
        if LDP + "DirectContainer" in link or LDP + "IndirectContainer" in link:
            raise Refused(400)
        if request.method == "PUT" and wants_container(request) and not request.path.endswith("/"):
            raise Refused(400)

    def _check_notification(self, request: Request, resource: Resource) -> None:
        """Who may not write in an inbox leaves RDF documents there. Raises: Refused -- 409, 415. Spec: LDN #receiver"""
        if request.path != self.root + INBOX or WRITE in self.access.modes(request.path, request.by):
            return
        media_type = request.header("Content-Type")
        found = {409} if wants_container(request) else set()
        found |= {415} if media_type is not None and not is_rdf(media_type) else set()
        if found:
            unmet = Verdict.FAILED in evaluate(request, self.tags, resource)
            raise Refused(*found, *({412} if unmet else ()))

    def _check_allowed(self, request: Request, resource: Resource | None) -> None:
        if request.method not in allowed(request.path, resource, self.root):
            raise Refused(405)

    def _conditions(self, request: Request, resource: Resource | None) -> None:
        """Raises: Refused -- 412; where it may be that or not, that is left open."""
        verdicts = evaluate(request, self.tags, resource)
        if verdicts == {Verdict.FAILED}:
            raise Refused(412)
        if Verdict.FAILED in verdicts:
            self.open = frozenset({412})

    def _conflict(self, request: Request, resource: Resource) -> Refused:
        """Where a conflict of the target and a failed precondition meet, either may be told: s13.2.1 gives precedence to
        failures that show "before significant processing", which is for the server to say.
        """
        verdicts = evaluate(request, self.tags, resource)
        return Refused(409, 412) if Verdict.FAILED in verdicts else Refused(409)

    # -- reading ---------------------------------------------------------------------------------------------------

    def _get(self, request: Request) -> Outcome:
        if not self._need_control(request):
            self._need(request, subject_of(request.path), READ)
        resource = self.resources.get(request.path)
        if resource is None:
            return self._unwritten(request) or self._elsewhere(request)
        variants = acceptable(request.header("Accept"), resource)
        tagged = frozenset(variant_of(each, request, resource) for each in variants)
        verdicts = evaluate(request, self.tags, resource, tagged)
        refusals = frozenset({412} if Verdict.FAILED in verdicts else {})
        answers = self.answers.of_reading(request, resource, variants)
        unchanged = {304: answers.pop(304)}
        successes = unchanged if Verdict.UNCHANGED in verdicts else {}
        if Verdict.PROCEED in verdicts:
            refusals |= {416} if 416 in answers else frozenset()
            successes |= {status: check for status, check in answers.items() if status != 416}
        return Outcome(successes, refusals)

    def _unwritten(self, request: Request) -> Outcome | None:
        """Rules that are there though nobody wrote them. They have no validators, so what conditions come to is open."""
        said = self.unwritten(request.path)
        if said is None:
            return None
        resource = Resource(RDF_SOURCE, TURTLE, 0, said)
        variants = acceptable(request.header("Accept"), resource)
        answers = {status: self.answers.of_unwritten(request, resource, variants) for status in (200, 206, 304)}
        if "If-None-Match" not in request.headers:
            del answers[304]
        return Outcome(answers, frozenset({412, 416} if _has_conditions(request) else {}))

    def unwritten(self, path: str) -> Triples | None:
        """What the rules of something say that has none of its own."""
        if not path.endswith(ACL) or path in self.resources or subject_of(path) not in self.resources:
            return None
        return self.access.language.unwritten(self.url(path), self.url(subject_of(path)))

    def _elsewhere(self, request: Request) -> Outcome:
        """A redirect to the slash twin for whoever may read that (row 52). Raises: Refused -- 404"""
        twin = twin_of(request.path)
        is_there = twin in self.resources and not is_auxiliary(request.path)
        if not is_there or READ not in self.access.modes(twin, request.by):
            raise Refused(404)
        return Outcome(
            {301: lambda answer: wrong(answer.header("location") == self.url(twin), "Location is not the slash twin")}
        )

    def _options(self, request: Request) -> Outcome:
        """Read, even of what does not exist (row 7)."""
        if not self._need_control(request):
            self._need(request, subject_of(request.path), READ)
        resource = self.resources.get(request.path)
        check = self.answers.of_options(request, resource)
        return Outcome({204: check, 200: check})

    # -- writing ---------------------------------------------------------------------------------------------------

    def _put(self, request: Request) -> Outcome:
        path, resource = request.path, self.resources.get(request.path)
        if not self._need_control(request):
            if resource is None and not self._describes_inbox(request):
                self._need_room(request, {APPEND})
            else:
                self._need(request, subject_of(path), WRITE)
        self._check_model(request)
        if resource is None:
            self._check_creatable(path)
        elif resource.is_container:
            raise self._conflict(request, resource)
        self._conditions(request, resource)
        if not request.content and request.header("Content-Type") is None and not path.endswith("/"):
            raise Refused(400)
        effect = self.writes.put(request, resource)
        return Outcome({201: effect} if resource is None else {204: effect, 200: effect})

    def _post(self, request: Request) -> Outcome:
        path, resource = request.path, self.resources.get(request.path)
        if not self._need_control(request):
            self._need(request, subject_of(path), APPEND, missing=resource is None)
        if resource is None:
            raise Refused(404)
        self._check_allowed(request, resource)
        self._check_model(request)
        self._check_notification(request, resource)
        self._conditions(request, resource)
        if not request.content and request.header("Content-Type") is None and not wants_container(request):
            raise Refused(400)
        return Outcome({201: self.writes.post(request)})

    def _patch(self, request: Request) -> Outcome:
        path, resource = request.path, self.resources.get(request.path)
        is_acl = self._need_control(request)
        if not is_acl:
            self._need_some_patch(request, resource)
        self._check_allowed(request, resource)
        if resource is None:
            self._check_creatable(path)
        self._conditions(request, resource)
        if request.header("Content-Type") is None:
            raise Refused(400)
        patch = self.writes.parsed_patch(request)
        modes = set(patch.modes)
        if not is_acl and (resource is not None or self._describes_inbox(request)):
            self._need(request, subject_of(path), *modes)
        elif not is_acl:
            self._need_room(request, modes)
        effect = self.writes.patch(request, resource, patch)
        return Outcome({201: effect} if resource is None else {204: effect, 200: effect})

    def _need_some_patch(self, request: Request, resource: Resource | None) -> None:
        """Modes with which some patch would be possible: of an existing document Append, else Append or Read."""
        if self._describes_inbox(request):
            self._need(request, subject_of(request.path), WRITE)
        granted = self.access.modes(subject_of(request.path), request.by)
        if APPEND not in granted and (resource is not None or READ not in granted):
            raise Refused(401 if request.by.agent is None else 403)

    def _delete(self, request: Request) -> Outcome:
        path, resource = request.path, self.resources.get(request.path)
        missing = resource is None
        if not self._need_control(request):
            reading = {READ} if path.endswith("/") else set()
            self._need(request, subject_of(path), WRITE, *reading, missing=missing)
            parent = parent_of(path, self.root)
            if parent is not None:
                self._need(request, parent, WRITE, *({READ} if missing else ()), missing=missing)
        if resource is None:
            raise Refused(404)
        self._check_allowed(request, resource)
        if self.writes.cannot_delete(path):
            raise self._conflict(request, resource)
        self._conditions(request, resource)
        effect = self.writes.delete(request)
        return Outcome({204: effect, 200: effect})


def _has_conditions(request: Request) -> bool:
    return any(name.startswith("If-") or name == "Range" for name in request.headers)


def _malformed(request: Request) -> frozenset[int]:
    """What is wrong with a request whatever it is about, and so may be said before anything else.

    Spec: Solid #server-content-type-missing; RFC 9110 s14.5
    """
    writes = request.method in {"PUT", "POST", "PATCH"}
    lacks_type = bool(request.content) and request.header("Content-Type") is None
    return frozenset({400}) if writes and (lacks_type or request.header("Content-Range") is not None) else frozenset()
