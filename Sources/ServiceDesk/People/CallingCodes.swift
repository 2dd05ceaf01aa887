/// How telephone numbers of a country are dialled.
///
/// Calling codes and national prefixes agree with the example numbers of Google's libphonenumber 9.0.43 (Apache-2.0); the
/// prefixes for calls abroad are those of ITU-T, *Dialling procedures (international prefix, national prefix)*, Annex to
/// Operational Bulletin 994.
struct DiallingPlan: Hashable, Sendable {
  /// `46` for Sweden.
  let code: String
  /// What stands before the number in a national call and is left out in an international one: `0` for Sweden, empty in
  /// countries without.
  let trunk: String
  /// What is dialled before the calling code of another country.
  let international: [String]

  /// The plan of a country by its two letters, in either case; nil for one that is not known.
  static func of(_ country: String) -> DiallingPlan? {
    let country = country.uppercased()
    return byCountry[country].map {
      DiallingPlan(code: $0.code, trunk: $0.trunk, international: abroad(country, $0.code))
    }
  }

  static var countries: Set<String> { Set(byCountry.keys) }

  /// The calling code that international digits begin with; nil where there is none. No code begins with another
  /// one.
  static func code(of digits: String) -> String? {
    (1...3).lazy.map { String(digits.prefix($0)) }.first { codes.contains($0) }
  }

  /// The national prefixes in use under a calling code, without the empty one.
  static func trunks(ofCode code: String) -> Set<String> { trunks[code] ?? [] }

  private static func abroad(_ country: String, _ code: String) -> [String] {
    switch country {
    case "AU", "CC", "CX": ["0011"]
    case "JP": ["010"]
    case "KR": ["00700", "001", "002", "005", "006", "008"]
    case "HK": ["001", "00"]
    case "SG": ["001", "002", "008"]
    case "TW": ["002", "00"]
    case "TH": ["001", "00"]
    case "KH": ["001", "007", "00"]
    case "ID": ["001", "007", "008", "009"]
    case "BR": ["0014", "0015", "0021", "0023", "0031", "00"]
    case "CO": ["009", "007", "005", "00"]
    case "IL": ["00", "012", "013", "014", "018"]
    case "BY", "RU", "KZ", "TM", "UZ", "TJ": ["810"]
    case "CU": ["119"]
    case "KE", "TZ", "UG": ["000"]
    case "GY": ["001"]
    case "NG": ["009"]
    default: code == "1" ? ["011"] : ["00"]
    }
  }

  private static let byCountry: [String: (code: String, trunk: String)] = {
    var plans: [String: (code: String, trunk: String)] = [:]
    for entry in table.split(whereSeparator: \.isWhitespace) {
      let parts = entry.dropFirst(2).split(separator: "/")
      plans[String(entry.prefix(2))] = (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
    return plans
  }()

  private static let codes: Set<String> = {
    // Numbers of no country: free phone, satellites, networks.
    var codes: Set<String> = [
      "800", "808", "870", "878", "881", "882", "883", "888", "979",
    ]
    codes.formUnion(byCountry.values.map(\.code))
    return codes
  }()

  private static let trunks: [String: Set<String>] = {
    var trunks: [String: Set<String>] = [:]
    for plan in byCountry.values where !plan.trunk.isEmpty {
      trunks[plan.code, default: []].insert(plan.trunk)
    }
    return trunks
  }()

  /// Country, calling code and, behind a slash, the national prefix.
  private static let table = """
    AC247 AD376 AE971/0 AF93/0 AG1/1 AI1/1 AL355/0 AM374/0 AO244 AR54/0 AS1/1 AT43/0 AU61/0 AW297
    AX358/0 AZ994/0 BA387/0 BB1/1 BD880/0 BE32/0 BF226 BG359/0 BH973 BI257 BJ229 BL590/0 BM1/1 BN673
    BO591 BQ599 BR55/0 BS1/1 BT975 BW267 BY375/80 BZ501 CA1/1 CC61/0 CD243/0 CF236 CG242 CH41/0 CI225
    CK682 CL56 CM237 CN86/0 CO57/0 CR506 CU53/0 CV238 CW599 CX61/0 CY357 CZ420 DE49/0 DJ253 DK45 DM1/1
    DO1/1 DZ213/0 EC593/0 EE372 EG20/0 EH212/0 ER291/0 ES34 ET251/0 FI358/0 FJ679 FK500 FM691 FO298
    FR33/0 GA241 GB44/0 GD1/1 GE995/0 GF594/0 GG44/0 GH233/0 GI350 GL299 GM220 GN224 GP590/0 GQ240 GR30
    GT502 GU1/1 GW245 GY592 HK852 HN504 HR385/0 HT509 HU36/06 ID62/0 IE353/0 IL972/0 IM44/0 IN91/0 IO246
    IQ964/0 IR98/0 IS354 IT39 JE44/0 JM1/1 JO962/0 JP81/0 KE254/0 KG996/0 KH855/0 KI686 KM269 KN1/1
    KP850/0 KR82/0 KW965 KY1/1 KZ7/8 LA856/0 LB961/0 LC1/1 LI423 LK94/0 LR231/0 LS266 LT370/0 LU352
    LV371 LY218/0 MA212/0 MC377/0 MD373/0 ME382/0 MF590/0 MG261/0 MH692 MK389/0 ML223 MM95/0 MN976 MO853
    MP1/1 MQ596/0 MR222 MS1/1 MT356 MU230 MV960 MW265/0 MX52 MY60/0 MZ258 NA264/0 NC687 NE227 NF672
    NG234/0 NI505 NL31/0 NO47 NP977/0 NR674 NU683 NZ64/0 OM968 PA507 PE51/0 PF689 PG675 PH63/0 PK92/0
    PL48 PM508/0 PR1/1 PS970/0 PT351 PW680 PY595/0 QA974 RE262/0 RO40/0 RS381/0 RU7/8 RW250/0 SA966/0
    SB677 SC248 SD249/0 SE46/0 SG65 SH290 SI386/0 SJ47 SK421/0 SL232/0 SM378 SN221 SO252 SR597 SS211/0
    ST239 SV503 SX1/1 SY963/0 SZ268 TA290 TC1/1 TD235 TG228 TH66/0 TJ992 TK690 TL670 TM993/8 TN216 TO676
    TR90/0 TT1/1 TV688 TW886/0 TZ255/0 UA380/0 UG256/0 US1/1 UY598/0 UZ998 VA39 VC1/1 VE58/0 VG1/1 VI1/1
    VN84/0 VU678 WF681 WS685 XK383/0 YE967/0 YT262/0 ZA27/0 ZM260/0 ZW263/0
    """
}
