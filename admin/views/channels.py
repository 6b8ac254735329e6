"""Channels: how stories look and sound, with a preview of the captions."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue
from peewee import JOIN, fn
from werkzeug.datastructures import MultiDict
from wtforms.fields.choices import SelectChoice

from adapters.ports import Music, Voices
from admin.auth import person
from admin.views.channel_form import CAPTION_FIELDS, GROUPS, ChannelForm, filled
from admin.views.page import Page, done, expose, get, settings
from core.errors import ConfigurationError, InputError, Permanent
from models import Channel, Source
from pipelines.production import channels
from pipelines.production.captions.caption_style import MOST_TRIED, SAMPLE, CaptionStyle
from pipelines.production.narration import channel_pronunciations
from pipelines.stories.intake import sources


class Channels(Page):
    @expose("/")
    def index(self) -> str:
        rows = (
            Channel.select(Channel, fn.STRING_AGG(Source.name, ", ").alias("used_by"))
            .join(Source, JOIN.LEFT_OUTER)
            .group_by(Channel.id)
            .order_by(Channel.name)
            .limit(500)
        )
        styles = {row.id: style_of(row) for row in rows}
        return self.render("channels/index.html", channels=list(rows), caption_styles=styles)

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        return self._form(Channel())

    @expose("/<int:channel_id>/edit", methods=["GET", "POST"])
    def edit(self, channel_id: int) -> ResponseReturnValue:
        return self._form(get(Channel, channel_id))

    def _form(self, channel: Channel) -> ResponseReturnValue:
        form = ChannelForm(data=filled(channel, style_of(channel)))
        offer, without = _offer(), sources.without_channel()
        form.sources.choices = [SelectChoice(row.id, row.name) for row in without]
        if request.method == "GET" and not channel.id:
            form.sources.data = [row.id for row in without]  # nothing else tells their look yet
        status, problem = 200, ""
        if request.method == "POST":
            if form.validate():
                saved = channels.save(
                    channel.id,
                    form.chosen,
                    person().name,
                    offer,
                    seen=request.form.get("seen", ""),
                    used_by=form.sources.data or [],
                )
                return done(f"{saved.name} saved.", url_for(".index"))
            status, problem = 422, "Some values are invalid. See below."
        config = settings()
        form.offer(offer, config.voice)
        form.show_defaults(
            words_per_minute=config.words_per_minute,
            part_seconds_min=config.part_seconds_min,
            part_seconds_max=config.part_seconds_max,
        )
        page = self.render(
            "channels/form.html",
            form=form,
            channel=channel,
            version=channels.version_of(channel) if channel.id else "",
            problem=problem,
            caption_style=CAPTION_FIELDS,
            groups=GROUPS,
            sources=_users(channel),
            sample=SAMPLE,
            most_letters=MOST_TRIED,
            heard=current_app.extensions["music"] is not None,
        )
        return page, status

    @expose("/<int:channel_id>/remove", methods=["POST"])
    def remove(self, channel_id: int) -> ResponseReturnValue:
        name = channels.remove(channel_id, person().name)
        return done(f"{name} deleted.", url_for(".index"))

    @expose("/preview")
    def preview(self) -> ResponseReturnValue:
        """A JPEG of captions in the style given in the URL, or an error sentence."""
        # The first preview loads the imaging library.
        from pipelines.production.captions.preview import still  # noqa: PLC0415

        asked: MultiDict[str, str] = MultiDict(request.args)
        if not asked:
            chosen: dict[str, Any] = {"style": settings().caption_style}
        else:
            chosen = ChannelForm(formdata=asked, meta={"csrf": False}).caption_style
        try:
            drawn = still(CaptionStyle.parse(chosen), request.args.get("sample", ""))
        except InputError as error:
            return Response(str(error), 400, mimetype="text/plain")
        return Response(drawn, mimetype="image/jpeg")

    @expose("/hear", methods=["POST"])
    def hear(self) -> ResponseReturnValue:
        """Speak the text in the form with its voice and pronunciations, or an error sentence."""
        form = ChannelForm(meta={"csrf": False})  # every POST is checked before it comes here
        text = " ".join(request.form.get("heard", "").split())
        if not any(map(str.isalnum, text)):
            return Response("Type a word or a sentence to hear.", 400, mimetype="text/plain")
        config = settings()
        try:
            chosen = form.chosen
            said = channel_pronunciations.say(text, chosen["pronunciations"])
            voice = chosen["voice"] or config.voice
            pace = chosen["words_per_minute"] or config.words_per_minute
            sound = _offer().voices.say(voice, said.text if said else text, pace)
        except InputError as error:
            return Response(str(error), 400, mimetype="text/plain")
        return Response(sound, mimetype="audio/wav")

    @expose("/music")
    def music(self) -> ResponseReturnValue:
        """The first tune of the mood given in the URL, or a sentence why there is none."""
        library: Music | None = current_app.extensions["music"]
        try:
            tune = library.choose(request.args.get("mood", ""), 0) if library else None
        except Permanent as error:
            return Response(str(error), 404, mimetype="text/plain")
        if tune is None:
            return Response("There is no music to play.", 404, mimetype="text/plain")
        with tune.ready(lambda _share: None) as path:
            return send_file(path, conditional=True)


def _offer() -> channels.Offer:
    voices: Voices | None = current_app.extensions["voices"]
    if voices is None:
        raise ConfigurationError("This back office was started without voices.")
    config = settings()
    return channels.Offer(voices, config.background_dir, config.music_dir)


def _users(channel: Channel) -> list[Source]:
    if channel.id is None:
        return []
    sources = Source.select(Source.id, Source.name).where(Source.channel == channel.id)
    return list(sources.order_by(Source.name))


def style_of(channel: Channel) -> CaptionStyle:
    """The channel's caption style on top of the settings; the default if it can't be read."""
    try:
        return CaptionStyle.parse({"style": settings().caption_style, **channel.caption_style})
    except InputError:
        return CaptionStyle()
