#pragma once

#include <libpq-fe.h>

namespace jammi::catalog {

/// The functions of libpq that the catalog uses, named as in libpq without "PQ".
struct PostgresLibrary {
  decltype(PQclear)* clear;
  decltype(PQcmdStatus)* cmdStatus;
  decltype(PQcmdTuples)* cmdTuples;
  decltype(PQconnectdbParams)* connectdbParams;
  decltype(PQconnectionNeedsPassword)* connectionNeedsPassword;
  decltype(PQconnectionUsedPassword)* connectionUsedPassword;
  decltype(PQerrorMessage)* errorMessage;
  decltype(PQexec)* exec;
  decltype(PQfinish)* finish;
  decltype(PQftype)* ftype;
  decltype(PQgetResult)* getResult;
  decltype(PQgetisnull)* getisnull;
  decltype(PQgetlength)* getlength;
  decltype(PQgetvalue)* getvalue;
  decltype(PQntuples)* ntuples;
  decltype(PQprepare)* prepare;
  decltype(PQputCopyData)* putCopyData;
  decltype(PQputCopyEnd)* putCopyEnd;
  decltype(PQresultErrorField)* resultErrorField;
  decltype(PQresultStatus)* resultStatus;
  decltype(PQsendQueryPrepared)* sendQueryPrepared;
  decltype(PQsetChunkedRowsMode)* setChunkedRowsMode;
  decltype(PQsetNoticeReceiver)* setNoticeReceiver;
  decltype(PQsocket)* socket;
  decltype(PQstatus)* status;
  decltype(PQtransactionStatus)* transactionStatus;
};

/// libpq, loaded by the first call: a process whose catalog is a file does not pay for it. Throws Unsupported
/// when it is missing. Thread-safe.
const PostgresLibrary& postgres_library();

}  // namespace jammi::catalog
