"""A draft beside what is public, for those who may see drafts."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
