"""Golden TPDUs from the network, with their meaning; see `tpdus`, which hands them on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    name: str
    hex: str
    smsc: str | None
    sender: str
    service_at: datetime
    text: str
    is_alphanumeric: bool = False
    dcs: int = 0x00
    pid: int = 0x00
    #: (reference, bits, number, total)
    concat: tuple[int, int, int, int] | None = None
    data: bytes | None = None
    more_to_send: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    name: str
    hex: str
    smsc: str | None
    reference: int
    recipient: str | None
    service_at: datetime
    discharge_at: datetime
    status: int


def at(text: str, hours: float) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone(timedelta(hours=hours)))


DELIVERS = (
    Deliver(
        name="D1",
        hex="07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
        smsc="+31624000000",
        sender="+31641600986",
        service_at=at("2002-08-26T19:37:41", 0),
        text="How are you?",
    ),
    Deliver(
        name="D2",
        hex="07914306073011F0040B914316709807F2000880604290224080084E2D5174901A8BAF",
        smsc="+34607003110",
        sender="+34610789702",
        service_at=at("2008-06-24T09:22:04", 2),
        text="中兴通讯",
        dcs=0x08,
    ),
    Deliver(
        name="D3",
        hex="0791447758100650040C914497716247010000909010711423400A2050EC468B81C4733A",
        smsc="+447785016005",
        sender="+447917267410",
        service_at=at("2009-09-01T17:41:32", 1),
        text="  1741 bst",
    ),
    Deliver(
        name="D5",
        hex=(
            "07919471060040340409D0C6A733390400009060920173018093CC74595C96838C4F6772085AD6DDE4320B444E97"
            "41D4B03C6D7EC3E9E9B71B9474D3CB727799DEA286CFE5B9991DA6CBC3F432E85E9793CBA0F09A9EB6A7CB72BA0B"
            "9474D3CB727799DE72D6E9FABAFB0CBAA7E56490BA4CD7D34170F91BE4ACD3F575F7794E0F9F4161F1B92C2F8FD1"
            "EE32DD054AA2E520E3D3991C82A8E5701B"
        ),
        smsc="+491760000443",
        sender="FONIC",
        service_at=at("2009-06-29T10:37:10", 2),
        text=(
            "Lieber FONIC Kunde, die Tarifoption Internet-Tagesflatrate wurde aktiviert. Inte"
            "rnet-Nutzung wird jetzt pro Nutzungstag abgerechnet. Ihr FONIC Team"
        ),
        is_alphanumeric=True,
    ),
    Deliver(
        name="D6",
        hex=(
            "07919333852804000412D0F7FBDD454FB75D693A0000903002801153402BCD301E9F0605D9E971191483C140412A"
            "35690D52832063D2F9040599A058EE05A3BD6430580E"
        ),
        smsc="+393358824000",
        sender="www.tim.it",
        service_at=at("2009-03-20T08:11:35", 1),
        text="Maxxi Alice 100 ATTIVATA FINO AL 19/04/2009",
        is_alphanumeric=True,
    ),
    Deliver(
        name="D7",
        hex=(
            "07919471227210244405852122F039F101506271217180A005000319020198E9B2B82C0759DFE4B0F9ED2EB79675"
            "37B9CC02B5D37450122D2FCB41EE303DFD7687D96537881A96A7CD6F383DFD7683F46134BBEC064DD36550DA0D22"
            "A7CBF3721BE42CD3F5A0198B56036DCA20B8FC0D6A0A4170767D0EAAE540433A082E7F83A6E5F93CFD76BB40D7B2"
            "DB0D9AA6CB2072BA3C2F83926EF31BE44E8FD17450BB8C9683CA"
        ),
        smsc="+491722270142",
        sender="12220",
        service_at=at("2010-05-26T17:12:17", 2),
        text=(
            "Lieber Vodafone-Kunde, mit Ihrer nationalen Tarifoption zahlen Sie in diesem Net"
            "z 3,45 € pro MB plus 59 Ct pro Session. Wenn Sie diese Info nicht mehr e"
        ),
        dcs=0xF1,
        pid=0x39,
        concat=(25, 8, 1, 2),
    ),
    Deliver(
        name="D8",
        hex=(
            "07919471227210244405852122F039F1015062712181804F050003190202E4E8309B5E7683DAFC319A5E76B340F7"
            "3D9A5D7683A6E93268FD9ED3CB6EF67B0E5AD172B19B2C2693C9602E90355D6683A6F0B007946E8382F5393BEC26"
            "BB00"
        ),
        smsc="+491722270142",
        sender="12220",
        service_at=at("2010-05-26T17:12:18", 2),
        text="rhalten möchten, wählen Sie kostenlos +4917212220. Viel Spaß im Ausland.",
        dcs=0xF1,
        pid=0x39,
        concat=(25, 8, 2, 2),
    ),
    Deliver(
        name="D9",
        hex="06917228195339040B917228214365F700003130805120618005D4F29C2E03",
        smsc="+2782913593",
        sender="+27821234567",
        service_at=at("2013-03-08T15:02:16", 2),
        text="Test2",
    ),
    Deliver(
        name="D10",
        hex="06917228195339040B917228214365F70000313062315352800A800D8A5E98D337A910",
        smsc="+2782913593",
        sender="+27821234567",
        service_at=at("2013-03-26T13:35:25", 2),
        text="@{tést}!",
    ),
    Deliver(
        name="D11",
        hex=(
            "07915892000000F0040B915892214365F700007040213252242331493A283D0795C3F33C88FE06C9CB6132885EC6"
            "D341EDF27C1E3E97E7207B3A0C0A5241E377BB1D7693E72E"
        ),
        smsc="+85290000000",
        sender="+85291234567",
        service_at=at("2007-04-12T23:25:42", 8),
        text="It is easy to read text messages via AT commands.",
    ),
    Deliver(
        name="D13",
        hex=(
            "07919762020033F1400DD0CDF2396C7EBB010008415072411084618C0500035602010053004D005300200063006F"
            "00640065003A00200034003800350036002C00200063006F006E006600690072006D006100740069006F006E0020"
            "006F00660020006100730073006F00630069006100740069006F006E0020006200650074007700650065006E0020"
            "006100630063006F0075006E007400200061006E00640020004D00650067"
        ),
        smsc="+79262000331",
        sender="Megafon",
        service_at=at("2014-05-27T14:01:48", 4),
        text="SMS code: 4856, confirmation of association between account and Meg",
        dcs=0x08,
        is_alphanumeric=True,
        concat=(86, 8, 1, 2),
        more_to_send=True,
    ),
    Deliver(
        name="D14",
        hex="07919730071111F10414D04937BD2C7797E9D3E614000811309291024061080442043504410442",
        smsc="+79037011111",
        sender="InternetSMS",
        service_at=at("2011-03-29T19:20:04", 4),
        text="тест",
        dcs=0x08,
        is_alphanumeric=True,
    ),
    Deliver(
        name="D15",
        hex="07912143658709F1040B918100551512F20000111010214365000AE8329BFD4697D9EC37",
        smsc="+12345678901",
        sender="+18005551212",
        service_at=at("2011-01-01T12:34:56", 0),
        text="hellohello",
    ),
    Deliver(
        name="D16",
        hex="07912143658709F1040B818100551512F20000111010214365000AE8329BFD4697D9EC37",
        smsc="+12345678901",
        sender="18005551212",
        service_at=at("2011-01-01T12:34:56", 0),
        text="hellohello",
    ),
    Deliver(
        name="D17",
        hex="07912143658709F1040B918100551512F20004111010214365000AE8329BFD4697D9EC37DE",
        smsc="+12345678901",
        sender="+18005551212",
        service_at=at("2011-01-01T12:34:56", 0),
        text="",
        dcs=0x04,
        data=bytes.fromhex("E8329BFD4697D9EC37DE"),
    ),
    Deliver(
        name="D18",
        hex=(
            "07911356131313F64004850120390011609232239180A006080400100201D7327BFD6EB340E2321BF46E83EA7790"
            "F59D1E97DBE1341B442F83C465763D3DA797E56537C81D0ECB41AB59CC1693C16031D96C064241E5656838AF03A9"
            "6230982A269BCD462917C8FA4E8FCBED709A0D7ABBE9F6B0FB5C7683D27350984D4FABC9A0B33C4C4FCF5D20EBFB"
            "2D079DCB62793DBD06D9C36E50FB2D4E97D9A0B49B5E96BBCB"
        ),
        smsc="+31653131316",
        sender="1002",
        service_at=at("2011-06-29T23:32:19", 2),
        text=(
            "Welkom, bel om uw Voicemail te beluisteren naar +31612001233 (PrePay: *100*1233#"
            "). Voicemail ontvangen is altijd gratis. Voor gebruik van mobiel interne"
        ),
        pid=0x39,
        concat=(16, 16, 1, 2),
        more_to_send=True,
    ),
    Deliver(
        name="D20",
        hex=(
            "07912160130320F6440B916171056429F5000021405291651569320500034C0202E9E8301D44479741F0B09C3E07"
            "85E56590BCCC0ED3CB6410FD0D7ABBCBA0B0FB4D4797E52E10"
        ),
        smsc="+12063130026",
        sender="+16175046925",
        service_at=at("2012-04-25T19:56:51", -4),
        text="that the parts are related to one another. ",
        concat=(76, 8, 2, 2),
    ),
    Deliver(
        name="D21",
        hex=(
            "07912933035011804409D055F3DB5D060000411120712071022A080701030003990202A09976D7E9E5390B640FB3"
            "D364103DCD668364B3562CD692C1623417"
        ),
        smsc="+923330051108",
        sender="Ufone",
        service_at=at("2014-11-02T17:02:17", 5),
        text="Minutes, valid till 23-11-2014.",
        is_alphanumeric=True,
        concat=(153, 8, 2, 2),
    ),
    Deliver(
        name="empty text",
        hex="0791449737019037040C9144970710112800008010101041240000",
        smsc="+447973100973",
        sender="+447970011182",
        service_at=at("2008-01-01T01:14:42", 0),
        text="",
    ),
    Deliver(
        name="Sri Lanka, DCS FB",
        hex=(
            "06914977000030200B914977745010F700FB918050809053221DB15CEC868BC9663018080402816432DD0C060281"
            "A4412A159904"
        ),
        smsc="+9477000003",
        sender="+94774705017",
        service_at=at("2019-08-05T08:09:35", 5.5),
        text="1917812300     22:30   RATTHI",
        dcs=0xFB,
        more_to_send=True,
    ),
)

REPORTS = (
    Report(
        name="R1",
        hex="0791538375000075061805810531F1019082416500400190824165004000",
        smsc="+353857000057",
        reference=24,
        recipient="50131",
        service_at=at("2010-09-28T14:56:00", 1),
        discharge_at=at("2010-09-28T14:56:00", 1),
        status=0x00,
    ),
    Report(
        name="R2",
        hex="00060505810531F1010150610000400101506100004000",
        smsc=None,
        reference=5,
        recipient="50131",
        service_at=at("2010-10-05T16:00:00", 1),
        discharge_at=at("2010-10-05T16:00:00", 1),
        status=0x00,
    ),
    Report(
        name="R3",
        hex="07914306073011F006270B913426565711F7012081111345400120811174054043",
        smsc="+34607003110",
        reference=39,
        recipient="+43626575117",
        service_at=at("2010-02-18T11:31:54", 1),
        discharge_at=at("2010-02-18T11:47:50", 1),
        status=0x43,
    ),
    Report(
        name="R4",
        hex="07914356060013F1065A098136397339F7219011700463802190117004638030",
        smsc="+34656000311",
        reference=90,
        recipient="639337937",
        service_at=at("2012-09-11T07:40:36", 2),
        discharge_at=at("2012-09-11T07:40:36", 2),
        status=0x30,
    ),
    Report(
        name="R5",
        hex="0006D60B911326880736F4111011719551401110117195714000",
        smsc=None,
        reference=214,
        recipient="+31628870634",
        service_at=at("2011-01-11T17:59:15", 1),
        discharge_at=at("2011-01-11T17:59:17", 1),
        status=0x00,
    ),
    Report(
        name="R6",
        hex="079124602009999006B4098106326906F2212041015554402120410155054000",
        smsc="+420602909909",
        reference=180,
        recipient="602396602",
        service_at=at("2012-02-14T10:55:45", 1),
        discharge_at=at("2012-02-14T10:55:50", 1),
        status=0x00,
    ),
    Report(
        name="R7",
        hex="0297F1061C0F910B487228297020F5317062419272803170624192138000",
        smsc="+1",
        reference=28,
        recipient=None,
        service_at=at("2013-07-26T14:29:27", 2),
        discharge_at=at("2013-07-26T14:29:31", 2),
        status=0x00,
    ),
    Report(
        name="R8",
        hex="07911614786007F006060B911634092142F4019071011000040190710110450400060000",
        smsc="+61418706700",
        reference=6,
        recipient="+61439012244",
        service_at=at("2010-09-17T10:01:00", 10),
        discharge_at=at("2010-09-17T10:01:54", 10),
        status=0x00,
    ),
    # a record of a SIM, filled up to its 176 octets
    Report(
        name="R9",
        hex="079124602009999002AB098106845688F8907080517375809070805183018000".ljust(2 * 176, "F"),
        smsc="+420602909909",
        reference=171,
        recipient="604865888",
        service_at=at("2009-07-08T15:37:57", 2),
        discharge_at=at("2009-07-08T15:38:10", 2),
        status=0x00,
    ),
)
