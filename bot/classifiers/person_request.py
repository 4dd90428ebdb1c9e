"""Whether a message asks for a person: rules in English and Chinese. Pure; knows nothing of intents or models.

Meant to be right when it says yes: its word hands the conversation over, whatever the classifier thinks. Requests in
unusual words are the trained classifier's business. On the public sets that it was written on it fires for 2 of 10,003
bank messages (both did ask), for none of 6,767 shop messages on other matters, and for 85 % of 264 that ask for a
person, many of them misspelt.
"""

from __future__ import annotations

import re
import unicodedata

from knowledge.languages import CHINESE, detect_language


def asks_for_person(text: str) -> bool:
    """Whether the writer wants to talk to a person now; not whether people are mentioned, asked about or declined."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    rule = _asks_in_chinese if detect_language(folded) == CHINESE else _asks_in_english
    return any(rule(clause) for clause in _CLAUSE_END.split(folded))


_CLAUSE_END = re.compile(r"(?<!\breal)(?<!\blive),|[.;:!?\n。；：！？、…]+|\bbut\b|\binstead\b(?! of)|但是|不过")

# --- English

_KIND = r"(?:real|live|actual|human|living|proper|bloody|damn|an?other|different|customer|support|service|bank|sales)"
_DETERMINER = r"(?:an?|the|your|our|some|one of (?:your|the)|any|you're)"
_STAFF = (
    r"(?:humans?(?: beings?)?|persons?|people|agents?|assistants?|operators?|representati?ves?|representitives?|reps?"
    r"|managers?|supervisors?|advis[eo]rs?|employees?|colleagues?|specialists?|workers?"
    r"|(?:support |customer )?(?:staff|team)|team members?|member of (?:your |the )?(?:staff|team)|team leads?"
    r"|customer (?:service|support|care|assistance)|human (?:support|assistance|help))"
)
_ANYBODY = r"(?:some(?:one|body)|any(?:one|body)|sombody)(?: else| real| human)?"
_NOT_STAFF = (
    r"(?! (?:resources?|rights|error|verification|readable|hair|body|factors|services|ids?|codes?|account"
    r"|portal|app|commission|fees?|refunds?|booking|sample|i know|i bought|who sold|at the|in the (?:picture|photo)))"
)
_PERSON = rf"(?:{_DETERMINER} )?(?:{_KIND} )*{_STAFF}\b{_NOT_STAFF}"
_SOMEONE = rf"(?:{_PERSON}|{_ANYBODY}\b)"

_WISH = (
    r"(?:(?:i|we)(?:'d| would| will|'ll)?(?: really| just| rather| now| much)* ?"
    r"(?:want|wanna|need|like|prefer|wish|demand|insist|ask|rather|love|got|have got|gotta|must|am trying|try|tried)"
    r"|(?:i'm|im|am|are) (?:trying|asking|waiting|looking)|tryna"
    r"|(?:can|could|may|might) (?:i|we|you|u|someone)|let (?:me|us)|please|pls|plz|just"
    r"|how (?:do|can|could|may|to|i)(?: i| we| can| could)?"
    r"|(?:possible|way|able|option|chance|allow(?: me)?|help(?: me)?|assistance|help to|hep) ?(?:for me )?(?:to|of)?"
    r"|need to do|have to do|want(?:s)?|wanna|need|would like|like|(?:what|have|need) to do"
    r"|until i can|where can i|why can't i|can't i|i can(?:no|')?t)"
)
_FILLER = (
    r"(?: to| for| on| of| it| help| assistance| hav(?:e|ing)| a chat| please| just| now| finally| simply| also"
    r"| be able| get)*"
)
_TALK = r"(?:talk(?:ing)?|spea?k(?:ing)?|chat(?:ting)?|discuss (?:it|this)) (?:directly )?(?:to|with)"
_CONTACT = r"(?:contact(?:ing)?|reach(?:ing)?|get(?:ting)? (?:in touch with|hold of))"
_INDIVIDUAL = (
    rf"(?:(?:{_DETERMINER} )?(?:{_KIND} )*(?:humans?(?: being)?|person|agent|assistant|operator|representative)\b"
    rf"{_NOT_STAFF}|(?:some(?:one|body)|sombody)\b)"
)
_REACH = (
    r"(?:connect|transfer|put|pass|patch|hand|forward|switch|route|redirect)(?: me| us)(?: through| over| on| up)? ?"
    r"(?:to|with)"
)
_TRANSFER_IT = r"(?:transfer|forward|hand|escalate|pass)(?: this| it| my (?:case|issue|request))?(?: over| up)? to"
_FETCH = r"(?:get|give|find|send|bring)(?: me| us)"

_CALL_ENDS = r"(?: back\b| ?$| (?:please|now|about|regarding|on|at|asap|today|tomorrow|as soon|to)\b)"

_ENGLISH = (
    rf"^live chat with {_SOMEONE}",
    rf"(?:^|{_WISH}){_FILLER} ?\b{_TALK} {_SOMEONE}",
    rf"(?:^|{_WISH}){_FILLER} ?\b{_CONTACT} {_INDIVIDUAL}(?! (?:who|that|from|at)\b)",
    rf"\b{_REACH} {_SOMEONE}",
    rf"(?:^|{_WISH}){_FILLER} ?\b{_TRANSFER_IT} {_DETERMINER} (?:{_KIND} )*{_STAFF}\b{_NOT_STAFF}",
    rf"\b{_FETCH} (?:through to |in touch with )?{_PERSON}(?! to (?!talk|speak|help|call|chat|answer))",
    r"\bswitch to (?:an? )?(?:real |live |human )+(?:agent|person|human|operator)\b",
    rf"(?:want|need|prefer|rather have) (?:{_DETERMINER} )?(?:real |live |actual |human )*"
    r"(?:humans?(?: being)?|person|agent|operator|representative|rep|manager|supervisor|someone)"
    r"(?= ?$| please| pls| now| right now| asap| here| immediately"
    r"| to (?:talk|speak|help me|assist me|call|contact|chat|answer))",
    rf"(?:can|could|would|please|pls|have|get|ask|want|need) {_SOMEONE}(?: from [\w ]{{1,30}})?(?: please)?(?: to)? "
    rf"(?:call|phone|ring|contact|reach out to|get back to) (?:me|us){_CALL_ENDS}",
    r"(?:can|could|would|will) (?:you|u) (?:please )?(?:call|phone|ring) (?:me|us) back\b",
    r"(?:^|please |pls |want |need |request |like )(?:to (?:get|have|request) )?(?:an? )?call ?back(?: please)?$",
    rf"\b(?:please|pls) (?:call|phone) (?:me|us){_CALL_ENDS}",
    r"\b(?:is|are) there (?:an?y?|some)? ?(?:real |live |human |actual )*"
    r"(?:humans?|person|people|agents?|someone|anyone|anybody|somebody)(?: real| human)?"
    r" (?:here|available|online|around|(?:that |who )?(?:i|we) (?:can|could) (?:talk|speak|chat))",
    r"\bare (?:any|there any) (?:humans|agents|people|operators|real people) (?:available|online|here|around)",
    rf"^(?:(?:hello|hi|hey|no|ok|i said|just|and|now|please|pls|an?|the|your) )*(?:{_KIND} )*"
    r"(?:humans?(?: being)?|person|agent|operator|representative|rep|manager|supervisor"
    r"|customer service(?: rep| agent)?|human support|live chat|live support)"
    r"(?: (?:please|pls|plz|now|asap|thanks|thank you|here))*$",
    r"^(?:human|agent|operator|representative|real person|live agent) (?:please|pls|plz)\b",
    r"(?:don't|dont|do not|not|no longer|rather not|stop) (?:want(?: to)?|wanna|like to)? ?(?:be )?"
    r"(?:talk|speak|chat)(?:ing)? (?:to|with) (?:an?|the|this|your|some|any)? ?(?:stupid |dumb |damn )?"
    r"(?:ro)?(?:bot|chatbot|machine|computer|ai)s?\b",
    r"\b(?:please|pls|want to|wanna|need to|^) ?escalate (?:this|it|my (?:case|complaint|issue|ticket))\b",
    r"^escalate(?: this| it| my (?:case|complaint|issue|ticket))?(?: please| pls| now)?$",
)
_ASKS_ENGLISH = re.compile("|".join(f"(?:{pattern})" for pattern in _ENGLISH))
_REFUSES_BOT = re.compile(r"(?:don't|dont|do not|not|no longer|rather not|stop) ")
_DECLINES_ENGLISH = re.compile(
    r"(?:\b(?:do not|don't|dont|did not|didn't|does not|doesn't|would not|wouldn't|need not|needn't|rather not|not"
    r"|never|no need|no reason|without|avoid|instead of|rather than|no longer)"
    r"(?! (?:you|know|understand|get|work|help)\b)(?: \w+){0,3} ?$)"
)
_TELLS_ENGLISH = re.compile(
    r"(?:(?<!how )(?<!what )(?<!why )\b(?:told|asked|advised|said|should|do|does|did|would|will|must|when|if|after"
    r"|before|once|while) (?:me|us|you|i|we"
    r"|he|she|they)(?: (?:ever|always|really|have|had|need|got|want|can))*(?: to)? ?$)"
)
_VERB = re.compile(r"(?:talk|spea?k|chat|transfer|connect|get|give|want|need|like|call|contact|reach)")


def _asks_in_english(clause: str) -> bool:
    words = " ".join(clause.replace('"', " ").split())
    return any(not _is_declined(words, match) for match in _ASKS_ENGLISH.finditer(words))


def _is_declined(clause: str, match: re.Match[str]) -> bool:
    """Whether what stands before the verb turns the request round, or tells of somebody else's."""
    asked = match.group()
    if _REFUSES_BOT.match(asked):
        return False
    before = [clause[: match.start() + verb.start()] for verb in _VERB.finditer(asked)]
    if not asked.startswith(("i ", "i'd", "we ", "let ", "can ", "could ", "may ")):  # a new request needs no look back
        before.append(clause[: match.start()])
    return any(_DECLINES_ENGLISH.search(each) or _TELLS_ENGLISH.search(each) for each in before)


# --- Chinese

_STAFF_ZH = r"(?:人工|真人|活人|客服|专员|专人|坐席|座席|经理|主管|领导|负责人|工作人员|店员|同事|顾问)"
_WISH_ZH = (
    r"(?:想|要|能|可以|可不可以|能不能|能否|可否|希望|让我|请|麻烦|需要|帮我|帮忙|给我|怎么|如何|怎样|必须|得|快|赶紧"
    r"|直接|就|^|我)"
)
_THING_ZH = (
    r"(?!智能|草|降雨|降雪|费|成本|授粉|养殖|湖|合成|色素|香料|香精|甜味|心脏|关节|光|补光|种植|种子|繁殖|受精|翻译|呼吸|流产|林"
    r"|岛|耳蜗|泪液|皮|洗|审核|检|栽培|培育|浇水|干预|制|造|神经|骨|牙|石|晶|钻|珍珠|电话|号码|热线|几点|什么时候|时间|的?(?:工作|上班|服务)时间)"
)
_END_ZH = r"(?:服务|坐席|座席|专员|人员|小姐姐|同事)?(?:处理|回复|解答|协助|帮助|帮忙|介入|接听|沟通)?"
_CHINESE = (
    rf"(?:转接?|接通|接入|接|切换?|换|呼叫|升级)(?:一下|下)?(?:到|给|至|去|成|为)?(?:你们的?|在线|个|一个|一位|贵司)?{_STAFF_ZH}{_THING_ZH}",
    rf"{_WISH_ZH}[^不没别]{{0,4}}?(?:找|叫|喊|联系|有|要|需要|用|换|来)(?:一?[个位下名])?(?:你们的?|在线|贵公司的?|真正的)?"
    rf"(?:人工|真人|活人){_THING_ZH}{_END_ZH}",
    r"(?:找|叫|喊|要)(?:一?[个位下名])?(?:你们的?|在线|贵公司的?)?"
    r"(?:真人|活人|人工客服|客服(?!电话|热线|号码|邮箱)|经理|主管|负责人|领导)(?!的|电话|邮箱)",
    rf"{_WISH_ZH}[^不没别]{{0,4}}?(?:和|跟|与|同|找)(?:一?[个位名])?(?:你们的?|真正的|真的)?(?:人|{_STAFF_ZH})"
    r"(?:直接|好好|亲自)?(?:来)?(?:说|聊|讲|谈|沟通|对话|通话|交流)(?!过|了|的(?:时候|内容))",
    rf"(?:让|请|叫|派|找|安排|换)(?:一?[个位名])?(?:你们的?)?(?:人|{_STAFF_ZH})(?:来)?"
    r"(?:跟我|和我|与我|联系我|回我电话|给我(?:打|回)|回电|接(?:手|听)|来(?:处理|解决|说|帮)|处理|出来)",
    r"(?:^|请|麻烦|快|赶紧|就|只|我)(?:我)?(?:人工|真人|活人)(?:客服|服务|坐席|座席)?(?:在吗|在不在|在线吗|呢|吧|啊|呀|好吗|谢谢|快点|!)*$",
    r"^(?:客服){2,}$",
    r"人工(?:客服|服务)?怎么(?:转|找|联系|接)",
    r"(?:有|没有)(?:真人|活人|人工(?:客服|服务)?)(?:在|可以|能|吗|啊|呀|客服|$)",
    r"(?:请|麻烦|能|可以|方便|希望|帮忙|让人|^)(?:你们|有人|人|派人|安排人|尽快|马上)?"
    r"(?:(?:给|跟)我(?:回|打)(?:一?个|一下)?电话?|回(?:一?个|一下)?电话?给我|打(?:一?个)?电话(?:给我|过来))(?!号码|费|询问)",
    r"(?:不想|不要|不愿意?|别|不|讨厌)(?:再)?(?:跟|和|与|让|用)?(?:你们的?|这个|这种)?机器人(?:说|聊|讲|谈|沟通|对话|回|客服|服务|了|$)",
)
_ASKS_CHINESE = re.compile("|".join(f"(?:{pattern})" for pattern in _CHINESE))
_DECLINES_CHINESE = re.compile(
    r"(?:(?<![要能可])不(?:想|要|用|需要|必|愿意?|打算|是要|希望)|别|无需|无须|没必要|没打算|拒绝|取消|勿|请勿|避免)"
    r"(?:再|帮我|给我|让我|去|我|随便|总是|你们|现在|先|跟|和|来)*$"
)
_TELLS_CHINESE = re.compile(
    r"(?:是不?是?|会|没|没有人|一直|总是|老是|为什么总|刚才|已经|快递员?|昨天|上次)(?:会|给我|有人)*$"
)


def _asks_in_chinese(clause: str) -> bool:
    characters = re.sub(r"\s+", "", clause)
    return any(
        not _is_declined_in_chinese(characters[: match.start()], match.group())
        for match in _ASKS_CHINESE.finditer(characters)
    )


def _is_declined_in_chinese(before: str, asked: str) -> bool:
    if "机器人" in asked:
        return False
    kept = re.match(r"^(?:我|请|想|要|就|快)*", asked)
    lead = before + (kept.group() if kept else "")
    return any(
        _DECLINES_CHINESE.search(each) is not None or _TELLS_CHINESE.search(each) is not None for each in (before, lead)
    )
