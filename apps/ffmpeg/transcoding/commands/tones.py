"""HDR to SDR as ffmpeg's filters do it."""

from collections.abc import Collection

# HDR without BT.2020 is unknown; files that don't say so are common. Of PQ, 100 cd/m² are taken for
# white before bright parts are pressed together; HLG for what a screen of 1000 cd/m² shows.
_MARKED = "setparams=color_primaries=bt2020:color_trc={}:colorspace=bt2020nc"
_BY_ZSCALE = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv"
)
# Light of 203 cd/m² as 1, pressed together by Reinhard's curve for a peak of 1000 cd/m².
_PQ = (
    "st(0,pow(val/maxval,1/78.84375));"
    "st(1,10000/203*pow(max(ld(0)-0.8359375,0)/(18.8515625-18.6875*ld(0)),1/0.1593017578125))"
)
_HLG = (
    "st(0,val/maxval);"
    "st(1,1000/203*pow(if(lte(ld(0),0.5),ld(0)*ld(0)/3,"
    "(exp((ld(0)-0.55991073)/0.17883277)+0.28466892)/12),1.2))"
)
_PRESSED = "min(maxval,maxval*ld(1)*(1+ld(1)/24.27)/(1+ld(1)))"
_GAMUT = (  # BT.2020 to BT.709 (ITU-R BT.2087), in light
    "colorchannelmixer=rr=1.6605:rg=-0.5876:rb=-0.0728:gr=-0.1246:gg=1.1329:gb=-0.0083"
    ":br=-0.0182:bg=-0.1006:bb=1.1187"
)
_BENT = "maxval*pow(val/maxval,1/2.4)"  # as screens show it (ITU-R BT.1886)


def tone_mapping(transfer: str, *, filters: Collection[str] | None = None) -> list[str]:
    """The chain for one transfer (``smpte2084`` or ``arib-std-b67``; else PQ is taken for it).

    ``filters`` are the names that this ffmpeg has; None for all. Without zscale it is reckoned by
    tables in sixteen bits: alike but coarser, and colours as bright as light itself fade.
    """
    known = transfer if transfer in ("smpte2084", "arib-std-b67") else "smpte2084"
    if filters is None or {"zscale", "tonemap"} <= set(filters):
        return [_MARKED.format(known), _BY_ZSCALE]
    light = f"{_PQ if known == 'smpte2084' else _HLG};{_PRESSED}"
    return [
        _MARKED.format(known), "scale=in_color_matrix=bt2020:flags=accurate_rnd", "format=gbrp16le",
        _table(light), _GAMUT, _table(_BENT), "setparams=color_primaries=bt709:color_trc=bt709",
        "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd", "format=yuv444p10le",
        "setparams=colorspace=bt709",
    ]  # fmt: skip


def _table(expression: str) -> str:
    return f"lutrgb=r='{expression}':g='{expression}':b='{expression}'"
