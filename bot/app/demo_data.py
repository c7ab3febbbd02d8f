"""Demo data: offices, rules, officers and stories that never were, each marked so."""

from bot.domain.routing import MISCONDUCT, Case, Line

OFFICES = (
    ("demo-cambodia", "អនុគណៈកម្មការ កម្ពុជា (សាកល្បង)", "Sub-committee in Cambodia (demo)", "KH", "Asia/Phnom_Penh"),
    ("demo-thailand", "អនុគណៈកម្មការ ថៃ (សាកល្បង)", "Sub-committee in Thailand (demo)", "TH", "Asia/Bangkok"),
    ("demo-korea", "អនុគណៈកម្មការ កូរ៉េ (សាកល្បង)", "Sub-committee in Korea (demo)", "KR", "Asia/Seoul"),
    ("demo-malaysia", "អនុគណៈកម្មការ ម៉ាឡេស៊ី (សាកល្បង)", "Sub-committee in Malaysia (demo)", "MY", "Asia/Kuala_Lumpur"),
    ("demo-japan", "អនុគណៈកម្មការ ជប៉ុន (សាកល្បង)", "Sub-committee in Japan (demo)", "JP", "Asia/Tokyo"),
)
"""Code, names, country, time zone."""
HOURS = "mon-fri 08:00-12:00,14:00-17:00"

AGENCY = "(សាកល្បង) ភ្នាក់ងារនៅកម្ពុជា (demo: the agency is in Cambodia)"
POST = "(សាកល្បង) អនុគណៈកម្មការក្នុងប្រទេស (demo: the sub-committee there)"
RULES = (
    Line("demo-cambodia", category="NON_DEPLOYMENT", note=AGENCY, example=Case("KH", "NON_DEPLOYMENT", "agency")),
    Line("demo-cambodia", category="RECRUIT_FEES", note=AGENCY, example=Case("JP", "RECRUIT_FEES", "agency")),
    Line("demo-cambodia", about="agency", note=AGENCY, example=Case("TH", "CONTRACT_BREACH", "agency")),
    Line("demo-thailand", country="TH", note=POST, example=Case("TH", "WAGE_UNPAID", "employer")),
    Line("demo-korea", country="KR", note=POST, example=Case("KR", "OVERTIME_REST", "employer")),
    Line("demo-malaysia", country="MY", note=POST, example=Case("MY", "CONFINEMENT", "employer")),
    Line("demo-japan", country="JP", note=POST, example=Case("JP", "WORK_ACCIDENT", "employer")),
)

OFFICERS = (
    ("demo-officer", "សុខា (សាកល្បង)", "Sokha (demo)", "demo-officer-48h", "desk", "national", False),
    ("demo-head", "បុប្ផា (សាកល្បង)", "Bopha (demo)", "demo-head-48h", "head", "demo-thailand", True),
    ("demo-member", "វិចិត្រ (សាកល្បង)", "Vichet (demo)", "demo-member-48h", "member", "demo-thailand", False),
    ("demo-admin", "ចាន់ថា (សាកល្បង)", "Chantha (demo)", "demo-admin-48h", "administrator", "", False),
    ("demo-auditor", "មករា (សាកល្បង)", "Makara (demo)", "demo-auditor-48h", "auditor", "", False),
    ("demo-korea", "ស្រីមុំ (សាកល្បង)", "Sreymom (demo)", "demo-korea-48h", "member", "demo-korea", False),
    ("demo-cambodia", "រតនា (សាកល្បង)", "Ratana (demo)", "demo-cambodia-48h", "member", "demo-cambodia", False),
)
"""Login, names, password, role, office, whether they lead it: public, and made only in demo mode."""
SECOND_FACTOR = "DEMODEMODEMODEMODEMODEMODEMODEMO"
"""The secret of every demo officer whose role needs a second factor; public, so it protects nothing."""

STORIES = (
    ("WAGE_UNPAID", "TH", "employer", "ធ្វើការ៣ខែហើយ អត់បានលុយមួយរៀល ថៅកែហៅមិនលើកទូរស័ព្ទ", 3, "filed"),
    ("DOC_RETENTION", "TH", "employer", "ចង់បានប៉ាស្ព័រវិញ គេទារលុយ", 46, "filed"),
    ("CONFINEMENT", "MY", "employer", "គេចាក់សោរទុកក្នុងបន្ទប់ មិនឲ្យចេញ យកទូរស័ព្ទទៀត", 1, "filed"),
    ("NON_DEPLOYMENT", "KH", "agency", "ចាំ៨ខែហើយ ក្រុមហ៊ុនមិនទាន់បញ្ជូនទៅជប៉ុន", 60, "filed"),
    ("OVERTIME_REST", "KR", "employer", "ធ្វើការ ១៥ម៉ោងក្នុងមួយថ្ងៃ គ្មានថ្ងៃឈប់", 20, "in_hand"),
    ("WORK_ACCIDENT", "KR", "employer", "ខ្ញុំដាច់ម្រាមដៃពេលធ្វើការ ថៅកែមិនចេញថ្លៃពេទ្យ", 5, "received"),
    ("RECRUIT_FEES", "JP", "agency", "គេយកថ្លៃសេវាលើសពីកំណត់ ១៥០០ដុល្លារ", 30, "addressed"),
    ("HOUSING_FOOD", "TH", "employer", "កន្លែងស្នាក់នៅកខ្វក់ ដេកប្រជ្រៀតគ្នា ២០នាក់", 90, "closed"),
    (MISCONDUCT, "TH", "official", "មន្ត្រីទារលុយក្រៅ", 12, "filed"),
    ("MISSING", "TH", "other", "បងខ្ញុំទៅថៃ ៥ខែហើយ បាត់ដំណឹង", 26, "waiting"),
)
"""Category, country, about, words, hours since it was filed, status."""
ANSWER = "(សាកល្បង) ជម្រាបសួរ យើងខ្ញុំបានទទួលពាក្យបណ្តឹងរបស់អ្នក ហើយកំពុងទាក់ទងភាគីពាក់ព័ន្ធ។"
