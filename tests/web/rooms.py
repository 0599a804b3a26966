"""A furnished review room for tests: rows by hand, pictures by Pillow."""

import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from django.test import Client
from PIL import Image

from daylight.catalogue.ledger_rows import frontier, key_of
from daylight.catalogue.models import (
    Accession,
    Authority,
    Collection,
    Entry,
    Finding,
    Head,
    Holding,
    Item,
    LeakedPath,
    Media,
    Membership,
    Occurrence,
    Rendition,
    RoleGrant,
    Seal,
    Statement,
    Subtree,
    User,
    Witness,
)
from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.domain.principal import Role
from daylight.ledger.head import sign
from daylight.ledger.leaf import Leaf
from daylight.ledger.merkle import Growing, leaf_hash
from daylight.media.facts_json import to_json
from daylight.services import sittings
from daylight.services.jobs import Jobs
from daylight.services.views import ViewLog
from daylight.services.watch import Player
from daylight.services.workspace import Workspace
from daylight.web.app import application
from daylight.web.asked import JOBS, PLAYER, VIEWS, WORKSPACE
from daylight.web.sitting import PROVED, SITTING

HOSTILE = b"night/\xe2\x80\xaetxt.exe\n<script>alert(1)</script>\xff.mp4"
TILES = 8
STREAM = StreamFacts(
    index=0,
    media="video",
    codec="h264",
    time_base=Fraction(1, 12800),
    width=64,
    height=36,
    frame_rate=Fraction(25),
    untrusted_metadata=(("handler", "\x1f<b>bold</b>"),),
)
FACTS = MediaFacts(
    kind=Kind.VIDEO,
    state=State.OK,
    container="mp4",
    demuxer="mp4",
    duration=Fraction(80),
    streams=(STREAM,),
    key_frames=8,
    untrusted_metadata=(("comment", "<img src=x onerror=alert(1)>\u202e"),),
)


def sheet(grey: bool) -> bytes:
    file = io.BytesIO()
    picture = Image.radial_gradient("L").resize((64 * TILES, 36))
    (picture if grey else picture.convert("RGB")).save(file, "JPEG")
    return file.getvalue()


@dataclass
class Room:
    ws: Workspace

    def __post_init__(self) -> None:
        self.views = ViewLog(self.ws)
        self.jobs = Jobs()
        application(self.ws)  # sets the key and the names of the cookies
        self.blobs = {
            f"filmstrip-{kind}": (sheet(kind == "shielded")) for kind in ("shielded", "clear")
        }
        self.digests = {name: self.ws.store.put(data) for name, data in self.blobs.items()}

    def home(self, name: str) -> Collection:
        return Collection.objects.get_or_create(name=name, defaults={"created": self.ws.clock()})[0]

    def accession(self, name: str, home: str = "Everything") -> Accession:
        made, new = Accession.objects.get_or_create(
            name=name,
            defaults={
                "collection": self.home(home),
                "roots_sha256": b"\0" * 32,
                "created": self.ws.clock(),
                "finished": self.ws.clock(),
            },
        )
        if new:
            Statement.objects.create(accession=made, topic="seal", value="S-17 whole", entry=0)
            Statement.objects.create(accession=made, topic="place", value="", entry=0)
        return made

    def entry(self) -> int:
        index = Entry.objects.count()
        leaf = Leaf(index, "2026-11-24T14:07Z", "received", "a" * 32, 1, b"o" * 32, b"d" * 32)
        done = Growing(frontier()).extend([leaf_hash(leaf.encode())])
        Entry.objects.create(index=index, leaf=leaf.encode())
        for level, position, hashed in done:
            Subtree.objects.create(key=key_of(level, position), hash=hashed)
        return index

    def witnessed(self, *names: str) -> None:
        """A head over what is there, signed on 12 November and countersigned outside."""
        size = Entry.objects.count()
        head = sign(self.ws.keyring.signer, "ab" * 16, size, b"r" * 32, "2026-11-12T14:07Z")
        Head.objects.filter(size=size).delete()
        Head.objects.create(size=size, body=head.body(), signature=head.signature)
        for name in names:
            now, at = self.ws.clock(), self.entry()
            Witness.objects.create(
                size=size, name=name, key="", signature="", created=now, entry=at
            )

    def sealed(self, *names: str) -> None:
        """Seals of 13 November over what is there, and one that is still wanted."""
        size, now = Entry.objects.count(), self.ws.clock()
        made = {"gen_time": datetime(2026, 11, 13, 10, 0, tzinfo=UTC), "token": b"token"}
        for name in names:
            authority = Authority.objects.create(
                name=name, url="http://localhost", certificate="", added=now, entry=0
            )
            seal = {"authority": authority, "wanted": now, "next_try": now}
            Seal.objects.create(size=size, entry=self.entry(), **seal, **made)
            Seal.objects.create(size=size + 9, **seal)

    def item(
        self,
        number: int,
        *,
        accession: str = "amber-heron-41",
        home: str = "Everything",
        facts: MediaFacts | None = FACTS,
        path: bytes = HOSTILE,
        pictures: bool = True,
    ) -> Item:
        came = self.accession(accession, home)
        digest = hashlib.sha256(str(number).encode()).digest()
        row, new = Item.objects.get_or_create(
            sha256=digest, defaults={"id": number, "size": 1000 + number}
        )
        Holding.objects.get_or_create(item=row, collection=came.collection)
        met = Occurrence.objects.create(
            id=Occurrence.objects.count() + 1,
            item=row,
            accession=came,
            entry=self.entry(),
            position=0,
            verified=True,
        )
        LeakedPath.objects.create(
            occurrence=met,
            accession=came,
            path=path,
            path_sha256=hashlib.sha256(path).digest(),
            mtime_ns=1_700_000_000 * 10**9,
        )
        if new and facts is not None:
            self.examined(row, facts, pictures=pictures)
        return row

    def examined(self, row: Item, facts: MediaFacts, *, pictures: bool) -> None:
        Media.objects.create(
            item=row,
            probe_version=3,
            kind=facts.kind,
            state=facts.state,
            reason=facts.reason,
            container=facts.container,
            codec="h264",
            width=64,
            height=36,
            duration_us=80_000_000,
            facts=to_json(facts),
        )
        found = Finding.objects.create(item=row, detector="filmstrip", version=7, facts={})
        shape = {"columns": TILES, "count": TILES, "tile_width": 64, "tile_height": 36}
        shape["times_us"] = [n * 10_000_000 for n in range(TILES)]
        for name, digest in self.digests.items() if pictures else ():
            Rendition.objects.create(
                item=row,
                finding=found,
                name=name,
                media_type="image/jpeg",
                sha256=digest,
                size=len(self.blobs[name]),
                facts=shape,
            )

    def user(self, name: str, *roles: Role, homes: tuple[str, ...] = ("Everything",)) -> User:
        made = User.objects.create(username=name, created=self.ws.clock())
        made.set_unusable_password()
        made.save()
        for role in roles:
            RoleGrant.objects.create(user=made, role=role)
        for home in homes:
            Membership.objects.create(user=made, collection=self.home(home))
        return made

    def client(self, user: User | None = None, **more: object) -> Client:
        made = Client(
            headers={"accept": "text/html"},
            **{
                WORKSPACE: self.ws,
                PLAYER: Player(self.ws),
                VIEWS: self.views,
                JOBS: self.jobs,
                **more,
            },
        )
        made.defaults["SERVER_NAME"] = "127.0.0.1"
        if user is not None:
            made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            session = made.session  # as coming in leaves it
            session[SITTING] = sittings.begin(self.ws, user, "Firefox, Linux")
            session[PROVED] = self.ws.clock().isoformat()
            session.save()
        return made

    def as_(self, *roles: Role) -> Client:
        return self.client(self.user("-".join(roles), *roles))
